"""The settings in force: given at the start, or changed by an admin while igfleet runs."""
