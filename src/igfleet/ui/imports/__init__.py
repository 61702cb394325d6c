"""Accounts and proxies from files: read, preview with a verdict per line, then apply the good lines."""
