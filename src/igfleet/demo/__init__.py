"""The demo: the whole product on this machine against the simulated Instagram, with examples to play with."""

from igfleet.demo.run import run

__all__ = ["run"]
