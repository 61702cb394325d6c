"""Exit codes, and errors as one line on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from igfleet.errors import Conflict, Forbidden, IgfleetError, NotFound, PermitRefused, SetupError, UserError


class Exit(IntEnum):
    """What the exit code of a command means. Never changed, only added to."""

    OK = 0
    NOT_ALL_DONE = 1
    SETUP_OR_USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    TIMEOUT = 5
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done",
    Exit.NOT_ALL_DONE: "failed, or not all of it was done",
    Exit.SETUP_OR_USAGE: "a setting, an argument or a file is wrong; nothing was changed",
    Exit.NOT_FOUND: "what was named does not exist",
    Exit.REFUSED: "refused in the present state; nothing was changed",
    Exit.TIMEOUT: "not finished in the time given",
    Exit.INTERRUPTED: "interrupted by Ctrl-C",
}
EPILOG = "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items()) + "."


def code_of(error: IgfleetError) -> Exit:
    """The exit code for an error."""
    if isinstance(error, NotFound):
        return Exit.NOT_FOUND
    if isinstance(error, Conflict | Forbidden | PermitRefused):
        return Exit.REFUSED
    if isinstance(error, SetupError):
        return Exit.SETUP_OR_USAGE
    if isinstance(error, UserError) and not error.retryable:
        return Exit.SETUP_OR_USAGE
    return Exit.NOT_ALL_DONE


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors made for people end the process with one line and their exit code; bugs keep their trace."""
    try:
        yield
    except IgfleetError as error:
        print(f"igfleet: {error}", file=sys.stderr)
        raise typer.Exit(code_of(error)) from None
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None
