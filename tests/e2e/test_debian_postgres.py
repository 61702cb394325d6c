"""The whole job on the distribution's own PostgreSQL, the oldest that is promised, by an ordinary address."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from igfleet.embedded import EmbeddedPostgres
from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(300)
OLDEST = 15


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database of the newest server below /usr/lib/postgresql."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    assert folders, "apt-get install postgresql"
    monkeypatch.setenv("IGFLEET_PG_BIN", str(folders[-1]))
    with EmbeddedPostgres(tmp_path / "debian", durable=False).running() as server:
        yield server.dsn("fleet").replace("postgresql://", "postgres://", 1)


def test_the_main_job_runs_on_the_distribution_s_server(address: str, tmp_path: Path, clips: list[Path]) -> None:
    with psycopg.connect(address.replace("postgres://", "postgresql://", 1)) as connection:
        assert connection.info.server_version // 10_000 >= OLDEST
    with Fleet(tmp_path / "fleet", address, is_quick=False) as fleet:
        names = fleet.accounts(4)
        fleet.worker("w1")
        fleet.worker("w2")

        task = fleet.upload(names, clips[:2], "{{username}}", rounds=True)
        fleet.cli("tasks", "wait", task, "--timeout", "120")

        ledger = fleet.control("GET", "ledger")
        published = sorted((one["account"], one["caption"]) for one in ledger["media"])
        assert published == sorted([(name, name) for name in names] * 2)
        assert (ledger["duplicates"], ledger["overlaps"], ledger["leaks"]) == ([], [], {})
