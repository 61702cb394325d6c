"""The ui's background work, on procrastinate. Level-triggered: each job re-reads the tables and mends them."""
