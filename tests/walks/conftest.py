"""The one who walks: an admin in a real browser, who writes down every complaint of it."""

from tests.dashboard.conftest import browser, visitor

__all__ = ["browser", "visitor"]
