"""Bulk jobs: a selection of a list, one act on all of it, done in the background with a bar and a result line."""
