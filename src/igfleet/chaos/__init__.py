"""A seeded campaign of faults in the sandbox: real processes, a real database, and a count of what went wrong."""
