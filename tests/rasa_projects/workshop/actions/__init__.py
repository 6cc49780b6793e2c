"""The workshop's own actions."""
