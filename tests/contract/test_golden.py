"""Messages as they were once written are understood, and written, in the same words."""

import json
from typing import Any

import pytest

from igfleet.contracts.base import Contract
from tests.contract.golden import FOLDER, contracts


def _golden(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return told


def _known(written: Any, golden: Any) -> Any:
    """What is written, without the fields that were added since."""
    if isinstance(written, dict) and isinstance(golden, dict):
        return {field: _known(written[field], golden[field]) for field in golden}
    if isinstance(written, list) and isinstance(golden, list) and len(written) == len(golden):
        return [_known(one, known) for one, known in zip(written, golden, strict=True)]
    return written


def test_each_contract_has_an_example_and_each_example_a_contract() -> None:
    kept = {path.stem for path in FOLDER.glob("*.json")}

    assert kept == set(contracts()), "for a new contract run: python -m tests.contract.golden"


@pytest.mark.parametrize(("name", "model"), contracts().items())
def test_what_was_written_once_reads_and_writes_the_same(name: str, model: type[Contract]) -> None:
    golden = _golden(name)

    written = model.model_validate(golden).model_dump(mode="json")

    assert _known(written, golden) == golden


@pytest.mark.parametrize(("name", "model"), contracts().items())
def test_a_field_of_a_later_version_is_ignored_and_a_new_one_has_a_default(name: str, model: type[Contract]) -> None:
    golden = _golden(name)
    added = set(model.model_fields) - set(golden)

    model.model_validate(golden | {"field_of_a_later_version": 1})

    assert not [field for field in added if model.model_fields[field].is_required()]
