"""`python -m tools.vulnerabilities` asks the vulnerability service about every locked package, by pip-audit.

Exit code 0: nothing is known of any. 1: something is, and told. 3: the service does not answer, or not for all.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

from tools.dependencies import ROOT

UNREACHABLE = 3
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Told:
    """What the service answered about one lock."""

    asked: int
    known: tuple[str, ...]
    """Vulnerabilities, one sentence each."""
    unanswered: tuple[str, ...]
    """Packages that it did not tell anything about: that is not the same as nothing bad."""

    @property
    def code(self) -> int:
        return 1 if self.known else UNREACHABLE if self.unanswered or not self.asked else 0


def told(answer: str) -> Told:
    """Read pip-audit's answer. Raises `ValueError` when it is none."""
    packages = json.loads(answer)["dependencies"]
    known = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for one in packages
        for hole in one.get("vulns", ())
    ]
    return Told(len(packages), tuple(known), tuple(one["name"] for one in packages if "vulns" not in one))


def _ask(lock: str) -> Told:
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "10", "-r", str(ROOT / f"requirements/{lock}.txt")]
    try:
        return told(subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False).stdout)
    except (ValueError, KeyError, subprocess.TimeoutExpired):
        return Told(0, (), ())


def main() -> int:
    codes = set()
    for lock in ("run", "dev", "boot"):
        found = _ask(lock)
        codes.add(found.code)
        print(f"requirements/{lock}.txt: {found.asked} packages, {len(found.known)} known vulnerabilities")
        print("\n".join(found.known), end="\n" if found.known else "")
        if found.unanswered or not found.asked:
            many = f"{len(found.unanswered)} of them" if found.asked else "the whole lock"
            print(f"The vulnerability service told nothing about {many}: it cannot be reached from here.")
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
