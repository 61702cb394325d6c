"""The control API's calls about proxies."""

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from igfleet.sandbox.exits import ExitMode
from igfleet.sandbox.messages import Request

if TYPE_CHECKING:
    from igfleet.sandbox.sandbox import Sandbox


class NewProxy(BaseModel):
    """A proxy that must be used with this password, and how it behaves."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(min_length=1, max_length=255)]
    password: Annotated[str, Field(max_length=255)]
    mode: ExitMode = ExitMode.OK
    delay_s: Annotated[float, Field(ge=0, le=600)] = 5
    """How long a slow one waits."""


class Rotation(BaseModel):
    """Whose exit IP changes: by address alone, as providers do it."""

    proxy: str


def show(sandbox: "Sandbox", _request: Request) -> JsonValue:
    return {"proxies": [one.public() for one in sandbox.proxy.exits.all()]}


def add(sandbox: "Sandbox", request: Request) -> JsonValue:
    body = NewProxy.model_validate_json(request.body)
    made = sandbox.proxy.exits.register(body.username, body.password, body.mode, body.delay_s)
    return made.public()


def rotate(sandbox: "Sandbox", request: Request) -> JsonValue:
    wanted = Rotation.model_validate(request.query)
    known = sandbox.proxy.exits.rotate(wanted.proxy)
    return {"rotated": known is not None, "exit_ip": known.ip if known else None}
