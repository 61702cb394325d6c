"""Where templates and migrations are: beside `src` in a checkout, inside the package in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent.parent


def folder(name: str) -> Path:
    """The folder `templates` or `migrations`."""
    packed = _PACKAGE / f"_{name}"
    return packed if packed.is_dir() else _CHECKOUT / name
