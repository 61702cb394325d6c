"""Backups: database and files in one archive; looking whether one is good; bringing one back."""
