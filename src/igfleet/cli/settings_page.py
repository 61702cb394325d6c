"""Every setting with its meaning: the source of docs/settings.md."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from igfleet.settings import Settings

_INTRO = """# Settings

Read from the environment, then from `.env` in the working folder. `NAME_FILE` names a file that holds the value of
`NAME`. Lengths of time are seconds, lists have commas between their parts. A wrong value stops the process with one
line that names the variable. What is given nowhere may be changed by an admin on the page Settings, for those settings
that can change while igfleet runs. This page is made by `igfleet settings --markdown`.
"""


def print_page(*, markdown: bool) -> None:
    """Every setting with its default and meaning, as docs/settings.md has it or a line each."""
    if markdown:
        print(page(), end="")
        return
    for _, rows in _sections():
        for names, default, meaning in rows:
            print(f"{names}={default}  # {meaning}")


def page() -> str:
    """The whole page."""
    parts = [_INTRO]
    for title, rows in _sections():
        parts.append(f"\n## {title}\n\n| Name | Default | Meaning |\n|---|---|---|\n")
        parts += [
            f"| `{names}` | {f'`{default}`' if default else ''} | {meaning} |\n" for names, default, meaning in rows
        ]
    return "".join(parts)


def _sections() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    from igfleet.settings import Settings, UiSettings, WorkerSettings

    common = set(Settings.model_fields)
    yield "Both roles", list(_rows(Settings, common))
    yield "The ui", list(_rows(UiSettings, set(UiSettings.model_fields) - common))
    yield "Workers", list(_rows(WorkerSettings, set(WorkerSettings.model_fields) - common))
    yield "Elsewhere", [("IGFLEET_PG_BIN", "", "Folder of the embedded server's programs; found by itself.")]


def _rows(kind: "type[Settings]", wanted: set[str]) -> Iterator[tuple[str, str, str]]:
    from pydantic import AliasChoices

    for name, field in kind.model_fields.items():
        if name not in wanted:
            continue
        alias = field.validation_alias
        names = " or ".join(map(str, alias.choices)) if isinstance(alias, AliasChoices) else str(alias)
        yield names, _default(name, field.get_default(call_default_factory=False)), field.description or ""


def _default(name: str, value: object) -> str:
    from datetime import timedelta

    from pydantic import SecretStr

    if name == "data_dir":
        return "~/.local/share/igfleet"
    if value is None or value == () or isinstance(value, SecretStr):
        return ""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    if isinstance(value, tuple):
        return ",".join(_default("", part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
