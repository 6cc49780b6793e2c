"""Makes the next model bundle out of a corpus folder; nothing here is imported by the serving process."""
