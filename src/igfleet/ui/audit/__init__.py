"""The audit: reading it, and seeing that nobody changed it."""
