"""The council's own actions."""
