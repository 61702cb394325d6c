"""Named sets of captions, written once and chosen by many tasks."""
