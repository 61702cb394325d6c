"""Webhooks: outcomes are told to addresses that an admin names, signed, until they are taken."""
