"""The schedule: what is planned and done, by hour and zone; moved, held, and repeated."""
