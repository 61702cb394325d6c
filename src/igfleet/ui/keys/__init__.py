"""Keys of the operator API: who holds one, and what it opens."""
