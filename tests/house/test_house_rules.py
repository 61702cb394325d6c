"""The checks can fail: each one is shown something wrong."""

import re
import subprocess
import sys
from pathlib import Path

from tools import budgets, locks

ROOT = Path(__file__).parent.parent.parent


def test_a_long_module_is_over_budget(tmp_path: Path) -> None:
    module = tmp_path / "src" / "long.py"
    module.parent.mkdir()
    module.write_text("x = 1\n" * 401)

    assert budgets.broken(tmp_path) == ["src/long.py: 401 lines, a module has at most 400"]


def test_a_long_function_is_over_budget(tmp_path: Path) -> None:
    module = tmp_path / "src" / "tall.py"
    module.parent.mkdir()
    module.write_text("def tall() -> None:\n" + "    print()\n" * 51)

    assert budgets.broken(tmp_path) == ["src/tall.py:1 tall: 51 lines, a function has at most 50"]


def test_a_docstring_does_not_count(tmp_path: Path) -> None:
    module = tmp_path / "src" / "told.py"
    module.parent.mkdir()
    module.write_text('def told() -> None:\n    """' + "long\n" * 60 + '"""\n    print()\n')

    assert budgets.broken(tmp_path) == []


def test_pins_are_read_from_a_lock() -> None:
    assert locks.pins("psycopg[binary]==3.3.9 \\\n    --hash=sha256:aa\n") == {"psycopg": "3.3.9"}


def test_the_locks_fit_the_project() -> None:
    assert locks.mistakes() == []


def test_help_imports_nothing_heavy() -> None:
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "igfleet", "--help"],
        capture_output=True, text=True, timeout=60, check=True, cwd=ROOT,
    )  # fmt: skip
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in listed.stderr.splitlines()}

    assert not imported & {"litestar", "sqlalchemy", "instagrapi", "playwright", "httpx", "av", "procrastinate"}


def test_no_committed_file_names_an_index_or_this_machine() -> None:
    words = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "/work/" + "main", "../" + "shared"]
    pattern = [argument for word in words for argument in ("-e", word)]

    found = subprocess.run(["git", "grep", "-lF", *pattern], capture_output=True, text=True, cwd=ROOT, check=False)

    assert found.stdout == ""


def test_each_fault_has_a_test_with_its_number() -> None:
    """The table of docs/faults.md, looked for in the tests it names."""
    names = " ".join(
        found.group()
        for path in (ROOT / "tests").rglob("test_*.py")
        for found in re.finditer(r"\bdef test_f\d+\w*", path.read_text(encoding="utf-8"))
    )
    numbers = {int(number) for number in re.findall(r"_f(\d+)(?=_)", names)}

    assert set(range(1, 29)) <= numbers


def test_each_threat_names_tests_and_modules_that_exist() -> None:
    """The table of docs/security/threats.md."""
    rows = re.findall(
        r"^\| T(\d+) \|(.*)\|(.*)\|(.*)\|$", (ROOT / "docs/security/threats.md").read_text(), re.MULTILINE
    )

    assert [int(number) for number, *_ in rows] == list(range(1, 29))
    assert all("`test_" in told or "*missing*" in told for *_, told in rows)
    assert _unknown("\n".join(row[2] + row[3] for row in rows)) == []


def test_each_section_of_the_verification_standard_has_a_verdict_and_names_what_exists() -> None:
    """The table of docs/security/asvs.md."""
    text = (ROOT / "docs/security/asvs.md").read_text()
    rows = re.findall(r"^\| (?:\d+\.\d+ .*|\*\*V\d+ .*) \| (.*) \| (.*) \|$", text, re.MULTILINE)
    verdicts = {verdict for verdict, _ in rows}

    assert {int(number) for number in re.findall(r"^\| \*\*V(\d+) ", text, re.MULTILINE)} == set(range(1, 18))
    assert len(rows) > 60
    assert verdicts <= {"met", "partly", "not met", "n/a", ""}
    assert [row for row in rows if row[0] and not row[1].strip()] == []
    assert _unknown(text) == []


def _unknown(text: str) -> list[str]:
    """The tests, modules and pages that a text names and that are not there."""
    tests = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"\bdef (test_\w+)", path.read_text(encoding="utf-8"))
    }
    modules = re.findall(r"`((?!docs/)[a-z_/]+(?:\.py|/))`", text)
    pages = re.findall(r"`(docs/[a-z_/]+\.md)`", text)
    missing = [name for name in re.findall(r"`(test_\w+)`", text) if name not in tests]
    missing += [name for name in modules if not (ROOT / "src/igfleet" / name).exists()]
    return missing + [name for name in pages if not (ROOT / name).exists()]
