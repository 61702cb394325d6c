"""What handlers ask for by type, and the app gives them."""

from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.context import UiContext

Session = NamedDependency[AsyncSession]
"""The request's transaction: committed when the handler returned, rolled back when it raised."""
Ui = NamedDependency[UiContext]
"""All that the ui has: settings, database, vault, storage, bus."""
