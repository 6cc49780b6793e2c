"""The `frontdesk` command: one short file per verb."""
