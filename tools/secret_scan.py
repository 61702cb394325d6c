"""`python -m tools.secret_scan` looks for secrets in all committed files, by detect-secrets.

What was looked at by a person and is none stands in `.secrets.baseline`; `--accept` writes that file anew.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.dependencies import ROOT

BASELINE = ROOT / ".secrets.baseline"
_NO_TEXTS = (r"^requirements/.*\.txt$", "static/vendor/", r"^\.secrets\.baseline$")


def scanned(root: Path, *files: str) -> dict[str, Any]:
    """detect-secrets' own report on the given files, or on all that are committed."""
    skipped = [word for pattern in _NO_TEXTS for word in ("--exclude-files", pattern)]
    command = [sys.executable, "-m", "detect_secrets", "scan", *skipped, *files]
    report = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True).stdout
    found: dict[str, Any] = json.loads(report)
    return found


def unknown(report: dict[str, Any], baseline: dict[str, Any]) -> list[str]:
    """What nobody has looked at yet. A line may move; its text is known by a hash."""
    known = {(name, one["hashed_secret"]) for name, rows in baseline["results"].items() for one in rows}
    return [
        f"{name}:{one['line_number']}: {one['type']}"
        for name, rows in report["results"].items()
        for one in rows
        if (name, one["hashed_secret"]) not in known
    ]


def main() -> int:
    report = scanned(ROOT)
    if "--accept" in sys.argv:
        del report["generated_at"]
        BASELINE.write_text(json.dumps(report, indent=1) + "\n")
        return 0
    wrong = unknown(report, json.loads(BASELINE.read_text()))
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
