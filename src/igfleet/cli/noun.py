"""What the commands of one noun have in common."""

import typer

from igfleet.cli.exits import EPILOG


def noun(about: str) -> typer.Typer:
    """An empty group of commands."""
    return typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None, epilog=EPILOG)
