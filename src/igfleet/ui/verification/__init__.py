"""Verification: published posts are looked for again, at some ages, and what is wrong is told to a person."""
