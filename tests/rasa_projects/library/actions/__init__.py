"""The library's own actions."""
