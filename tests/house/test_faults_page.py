"""The page of faults names tests that there are, and every fault has one."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| ([\d, ]+) \|.*\|([^|]*)\|$", re.MULTILINE)
_NAMED = re.compile(r"`(test_\w+)_…`")
_FILE = re.compile(r"`(\w+(?:/\w+)*\.py)`")
_FAULTS = range(1, 29)


def test_each_fault_has_its_row_and_the_tests_that_it_names() -> None:
    rows = _ROW.findall((_ROOT / "docs" / "faults.md").read_text())
    told = [int(one) for numbers, _ in rows for one in numbers.split(",")]
    missing = []
    for numbers, tests in rows:
        sources = "".join((_ROOT / "tests" / file).read_text() for file in _FILE.findall(tests))
        names = _NAMED.findall(tests)
        assert names, numbers
        missing += [(numbers, name) for name in names if f"def {name}_" not in sources]

    assert sorted(told) == list(_FAULTS)
    assert missing == []
