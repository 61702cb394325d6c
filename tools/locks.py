"""Whether the locks fit pyproject.toml: every requirement pinned with hashes, no address in them."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """The pinned version of each package of a lock."""
    return {name.replace("_", "-"): version for name, version in _PIN.findall(text)}


def mistakes() -> list[str]:
    """What is wrong, one sentence each."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {"run": project["dependencies"], "dev": project["optional-dependencies"]["dev"]}
    found: list[str] = []
    for name in ("boot", "run", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        if "://" in text or "--index" in text or "--extra-index" in text:
            found.append(f"requirements/{name}.txt names an address")
        locked = pins(text)
        if text.count("--hash=sha256:") < len(locked):
            found.append(f"requirements/{name}.txt has pins without hashes")
        for requirement in wanted.get(name, ()):
            package = re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")
            if package not in locked:
                found.append(f"{package} is not in requirements/{name}.txt: run ./igfleet lock")
    return found


if __name__ == "__main__":
    wrong = mistakes()
    print("\n".join(wrong), file=sys.stderr)
    sys.exit(bool(wrong))
