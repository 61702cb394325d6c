"""Bodies in JSON are taken as they are described: `"5"` is no number and `0` no flag, and neither is guessed at."""

import json
from typing import Any

from litestar.config.app import AppConfig
from litestar.plugins import InitPlugin
from pydantic import BaseModel, ValidationError

from igfleet.errors import Invalid

_EXACT = 2**53
"""Above it a float is not one whole number."""


class StrictBodies(InitPlugin):
    """Reads each model strictly by the rules of JSON, where Litestar would convert. Named after `PydanticPlugin`."""

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Wait for the plugins that Litestar's own one brings: the last reader that is added is asked first."""
        app_config.plugins.append(_Reader())
        return app_config


class _Reader(InitPlugin):
    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        app_config.type_decoders = [(_is_model, _read), *(app_config.type_decoders or [])]
        return app_config


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _read(model: type[BaseModel], value: Any) -> BaseModel:
    """Raises `Invalid` with one entry per field."""
    try:
        return model.model_validate_json(json.dumps(_whole(value)), strict=True)
    except ValidationError as error:
        fields = {".".join(map(str, one["loc"])) or "body": one["msg"] for one in error.errors(include_url=False)}
        raise Invalid("The request is not as it should be.", fields) from None
    except RecursionError:
        raise Invalid("The body is nested too deep.") from None


def _whole(value: Any) -> Any:
    """With `5.0` as 5: in JSON they are the same number."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list) else value
