"""Walks over every page: all of it by `./igfleet looks`, a short part with the other tests."""
