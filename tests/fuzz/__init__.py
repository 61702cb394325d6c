"""Hostile input, made up by schemathesis from the description of the APIs, sent by every kind of caller."""
