import pytest
from pydantic import SecretStr

from igfleet.contracts.leases import LeasedAccount, SessionKind, SessionMaterial
from igfleet.errors import NetworkTrouble
from igfleet.instagram.adapters.kept_sessions import KeptSessions

pytestmark = pytest.mark.anyio


class Search:
    """Sessions named by letters, of which `living` still hold."""

    def __init__(self, *letters: str, living: str = "", refused: int = 0) -> None:
        count = len(letters)
        self.refused: list[int] = []
        self.asked: list[str] = []
        self._living = living
        materials = [
            SessionMaterial(
                kind=SessionKind.MOBILE, settings=SecretStr(one), version=count - at, is_refused=count - at == refused
            )
            for at, one in enumerate(letters)
        ]
        account = LeasedAccount(id=1, username="nord_01", sessions=tuple(materials))
        self.kept = KeptSessions(account, SessionKind.MOBILE, _letter, self._refuse)

    async def holds(self, material: SessionMaterial) -> bool:
        letter = _letter(material)
        self.asked.append(letter)
        if letter == "?":
            raise NetworkTrouble("no answer")
        return letter in self._living

    async def _refuse(self, material: SessionMaterial) -> None:
        self.refused.append(material.version)


def _letter(material: SessionMaterial) -> str:
    return material.settings.get_secret_value()


async def test_texts_of_the_same_session_are_one_try() -> None:
    search = Search("a", "a", "b", living="b")

    assert await search.kept.restored(search.holds)
    assert (search.asked, search.refused) == (["a", "b"], [3, 2])


async def test_what_was_refused_before_is_not_asked_in_another_text_either() -> None:
    search = Search("a", "a", refused=2)

    assert not await search.kept.restored(search.holds)
    assert (search.asked, search.refused) == ([], [1])


async def test_a_device_without_a_session_is_passed_over() -> None:
    search = Search("", "a", living="a")

    assert await search.kept.restored(search.holds)
    assert search.asked == ["a"]


async def test_an_error_refuses_nothing_and_leaves_the_rest_untried() -> None:
    search = Search("a", "?", "b", living="b")

    with pytest.raises(NetworkTrouble):
        await search.kept.restored(search.holds)

    assert (search.asked, search.refused) == (["a", "?"], [3])


async def test_a_session_that_ends_later_is_refused_by_the_number_of_what_was_stored() -> None:
    search = Search("a", living="a")
    await search.kept.restored(search.holds)
    search.kept.stored(SessionMaterial(kind=SessionKind.MOBILE, settings=SecretStr("b")))

    assert await search.kept.restored(search.holds)
    assert (search.asked, search.refused) == (["a", "b", "a"], [0])
