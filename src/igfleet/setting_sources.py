"""Where the value of a setting comes from: files that are named by `NAME_FILE`, and the names of a setting."""

import os
from pathlib import Path
from typing import Any

from pydantic import AliasChoices
from pydantic_settings import PydanticBaseSettingsSource

from igfleet.errors import SetupError


class FromFiles(PydanticBaseSettingsSource):
    """Reads `NAME_FILE` for every setting `NAME`."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # base class's signature
        for name in names_of(field.validation_alias):
            path = os.environ.get(f"{name}_FILE")
            if path:
                return _read(f"{name}_FILE", path), name, False
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = (self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items())
        return {name: value for value, name, _ in found if value is not None}


def names_of(alias: object) -> list[str]:
    """The variables that a setting may be given by, the present name first."""
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [str(alias)]


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SetupError(f"{variable}: cannot read {path}: {error.strerror}") from error
    except ValueError:
        raise SetupError(f"{variable}: {path} is no text in UTF-8") from None
