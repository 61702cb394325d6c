"""Whom to follow: named lists, and the seeded choice of each account among them."""

from typing import Annotated, Self

from pydantic import Field, field_validator

from igfleet.runners.base import Options
from igfleet.runners.shares import PlanAccount, PlanInput, PlanTarget

Username = Annotated[str, Field(pattern=r"^[A-Za-z0-9._]{1,30}$")]
_SPARE = 20
"""So many candidates more than wanted, at least: some turn out to be followed already."""


class TargetedOptions(Options):
    """Options of a kind that follows people."""

    target_list: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    """The name of a list of targets."""
    targets: Annotated[tuple[Username, ...], Field(max_length=10_000, json_schema_extra={"form": "words"})] = ()
    """User names to follow, beside those of the list."""

    @field_validator("targets")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.lower() for name in names))

    @field_validator("target_list")
    @classmethod
    def _trimmed(cls, name: str) -> str:
        return name.strip()

    @property
    def has_targets(self) -> bool:
        return bool(self.target_list or self.targets)

    def at_most(self, low: str, high: str) -> Self:
        """Check that a least number is not above its greatest. Raises `ValueError`."""
        if getattr(self, low) > getattr(self, high):
            raise ValueError(f"{low} must not be greater than {high}")
        return self


def sampled(order: PlanInput, account: PlanAccount, wanted: int) -> list[PlanTarget]:
    """Candidates for one account, in the order in which they are to be tried. The same input gives the same choice."""
    settled = order.settled.get(account.id, ())
    own = account.username.lower()
    free = [one for one in order.targets if not one.trouble and one.id not in settled and one.username != own]
    if not wanted:
        return []
    return order.draw("targets", account.id).sample(free, min(len(free), max(wanted * 4, wanted + _SPARE)))


def shortage(candidates: list[PlanTarget], wanted: int) -> str:
    """What to say when there are fewer than wanted; empty when there are enough."""
    if len(candidates) >= wanted:
        return ""
    left = "Nobody is left for it to follow" if not candidates else f"Only {len(candidates)} are left for it to follow"
    return f"{left}, {wanted} are wanted"
