"""What igfleet is made of: each check is shown something wrong, and finds nothing wrong with what is there."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tools import dependencies, licences, sbom, secret_scan, vulnerabilities

ANSWER = {
    "dependencies": [
        {"name": "good", "version": "1", "vulns": []},
        {"name": "bad", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]},
    ]
}


def test_every_vendored_file_is_the_one_that_the_manifest_names() -> None:
    assert list(dependencies.mistakes()) == []


def test_a_vendored_file_that_was_changed_added_or_lost_is_told(tmp_path: Path) -> None:
    folder = shutil.copytree(dependencies.VENDORED, tmp_path / "vendor")
    (folder / "htmx.min.js").write_bytes(b"// another\n" + (folder / "htmx.min.js").read_bytes())
    (folder / "extra.js").touch()
    (folder / "icons.svg").unlink()

    told = list(dependencies.mistakes(folder))

    assert [line.split()[0] for line in told] == ["extra.js", "icons.svg", "htmx.min.js"]


def test_every_licence_is_known_and_the_page_of_them_is_up_to_date() -> None:
    every, files = dependencies.locked(), dependencies.vendored()

    assert licences.unknown([*every, *files]) == []
    assert licences.PAGE.read_text() == licences.page(every, files), "run .venv/bin/python -m tools.licences"
    assert licences.unknown([replace(every[0], licence="")]) == [f"{every[0].name} {every[0].version} tells no licence"]


def test_the_bill_of_materials_names_everything_that_is_locked_with_its_hashes() -> None:
    parts = {one["name"]: one for one in json.loads(sbom.written())["components"]}

    assert parts.keys() >= {one.name for one in [*dependencies.locked(), *dependencies.vendored()]}
    assert all(one["hashes"] and one["licenses"] and one["version"] for one in parts.values())


def test_a_secret_that_is_new_is_told_and_one_that_was_looked_at_is_not(tmp_path: Path) -> None:
    key = "-----BEGIN RSA " + "PRIVATE KEY-----\n"
    (tmp_path / "notes.txt").write_text(key)

    report = secret_scan.scanned(tmp_path, "notes.txt")

    assert secret_scan.unknown(report, {"results": {}}) == ["notes.txt:1: Private Key"]
    assert secret_scan.unknown(report, report) == []


def test_known_vulnerabilities_are_read_and_no_answer_is_not_taken_for_a_good_one() -> None:
    good, bad = ANSWER["dependencies"]
    silent = {"name": "silent", "skip_reason": "Dependency not found and could not be audited: silent (1)"}

    def code(*packages: object) -> int:
        return vulnerabilities.told(json.dumps({"dependencies": packages})).code

    assert (code(good), code(good, bad), code(good, silent), code(silent, bad), code()) == (0, 1, 3, 1, 3)
    assert vulnerabilities.told(json.dumps(ANSWER)).known == ("bad 2: PYSEC-1, mended in 3",)
    with pytest.raises(ValueError, match="Expecting value"):
        vulnerabilities.told("")
