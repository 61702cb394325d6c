"""How a task begins: all of it, its first account tasks, or as a dry-run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beginning:
    """As `igfleet tasks start` was told."""

    first: int | None = None
    goes_on: bool = False
    dry_run: bool = False
