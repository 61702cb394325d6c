"""What the filters of lists share: an address, a form and a stored job carry the same fields."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

_TEXT_MOST = 200


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Fields that are all texts; empty is any. What is not known is passed over, as in any old bookmark."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """From the parameters of an address or the fields of a form."""
        return cls(**{field.name: str(given.get(field.name, ""))[:_TEXT_MOST].strip() for field in fields(cls)})

    def given(self) -> dict[str, str]:
        """What is filtered by, for an address."""
        return {name: value for name, value in asdict(self).items() if value}
