"""The page that says who may call what."""

from pathlib import Path

from tests.ui_api.access_page import PAGE, written


def test_the_page_of_who_may_call_what_is_up_to_date(tmp_path: Path) -> None:
    assert PAGE.read_text(encoding="utf-8") == written(tmp_path), "run: python -m tests.ui_api.access_page"
