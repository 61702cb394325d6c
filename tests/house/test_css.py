"""Of a style sheet what pages need is kept, and nothing else."""

import pytest
from tools.css import Words, pruned

KNOWN = Words.of(['<a class="btn state-{{ state }}" data-theme="dark">', "row.className = `bar-${step}`"])


@pytest.mark.parametrize(
    "rule",
    [
        ".btn{color:red}",
        "a.btn:hover::before{color:red}",
        ":root{--x:1}",
        "h1{color:red}",
        ".state-done{color:red}",
        ".bar-green{color:red}",
        "[data-theme=dark] .btn{color:red}",
        "[class^=bt]{color:red}",
        "[class*=ate-]{color:red}",
        ".btn:not(.unknown){color:red}",
        ".btn>*{color:red}",
        ".btn+.btn{color:red}",
        "@keyframes turn{to{color:red}}",
    ],
)
def test_what_a_page_may_meet_is_kept(rule: str) -> None:
    assert pruned(rule, KNOWN) == f"{rule}\n"


@pytest.mark.parametrize(
    "rule",
    [
        ".card{color:red}",
        ".btn .card{color:red}",
        r".w-1\/2{color:red}",
        "#palette{color:red}",
        "[data-size=small]{color:red}",
        "[class*=card]{color:red}",
        "@media print{.card{color:red}}",
    ],
)
def test_what_no_page_has_is_left_out(rule: str) -> None:
    assert pruned(rule, KNOWN) == ""


def test_a_list_keeps_those_of_its_selectors_that_are_met() -> None:
    sheet = "@media print{.card,.btn{color:red}.card{color:blue}}"

    assert pruned(sheet, KNOWN).split() == ["@media", "print{.btn{color:red}", "}"]


@pytest.mark.parametrize("selector", [".btn+*", ".btn ~ *"])
def test_what_restyles_the_page_whenever_anything_is_added_is_left_out(selector: str) -> None:
    assert pruned(f"{selector}{{clear:left}}", KNOWN) == ""


def test_what_is_an_id_of_ours_or_the_name_of_a_row_is_no_class() -> None:
    known = Words.of(['<tr id="row-{{ row.id }}"><td class="cell"><a href="#row-{{ row.id }}">'])

    assert pruned(".row>*{color:red}.row-cols-2>*{color:red}.cell{color:red}", known) == ".cell{color:red}\n"


def test_a_broken_sheet_is_told() -> None:
    with pytest.raises(ValueError, match="line 1"):
        pruned(".btn{color:red} }", KNOWN)
