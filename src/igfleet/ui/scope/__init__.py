"""Client groups: who is limited to the accounts of some clients, and how the database keeps to it."""
