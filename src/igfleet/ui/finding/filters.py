"""What the filters of lists share: an address, a form and a stored job carry the same fields."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

_TEXT_MOST = 200


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Fields that are all texts; empty is any. What is not known is passed over, as in any old bookmark."""

    choices: ClassVar[Mapping[str, Collection[str]]] = {}
    """The fields that take certain words only."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """From the parameters of an address or the fields of a form."""
        return cls(**{field.name: str(given.get(field.name, ""))[:_TEXT_MOST].strip() for field in fields(cls)})

    @classmethod
    def wrong(cls, given: Mapping[str, str]) -> dict[str, str]:
        """What `read` would pass over, with what is wrong with each."""
        known = {field.name for field in fields(cls)}
        wrong = {name: "is no filter of this list" for name in given if name not in known}
        for name, words in cls.choices.items():
            text = given.get(name, "").strip()
            if text and text not in words:
                wrong[name] = f"is one of {', '.join(words)}"
        return wrong

    def given(self) -> dict[str, str]:
        """What is filtered by, for an address."""
        return {name: value for name, value in asdict(self).items() if value}
