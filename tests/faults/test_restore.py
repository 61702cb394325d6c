"""A house that burns down in the middle of a campaign, and another one that is restored from its backup."""

from contextlib import suppress

import psutil
import pytest

from igfleet.embedded import EmbeddedPostgres
from tests.faults.elsewhere import restored
from tests.faults.ground import Ground

pytestmark = pytest.mark.timeout(240)
_KNOWN = "SELECT count(*) FROM posts WHERE state = 'published'"
_LOOKED_FOR = "SELECT count(*) FROM post_history WHERE was = 'planned' AND became = 'unknown'"
_FOUND = "SELECT count(*) FROM post_history WHERE was = 'reconciling' AND became = 'published'"


def test_a_campaign_whose_house_burns_down_goes_on_from_a_backup(ground: Ground, postgres: EmbeddedPostgres) -> None:
    """Nothing is published twice, nothing is lost. The ground is burnt down with it: no other test can stand here."""
    names, archive = ground.accounts(5), ground.fleet.folder / "backup.tar"
    task = ground.upload(names, videos=3, delay_min_s=2, delay_max_s=2)

    with ground.worker("burns", slots=2) as worker:
        ground.until(lambda: len(ground.published(names)) >= 2)
        ground.fleet.cli("backup", "--out", str(archive))
        by_then = len(ground.published(names))
        ground.until(lambda: len(ground.published(names)) > by_then)
        for process in (*worker.children(recursive=True), worker):
            with suppress(psutil.Error):
                process.kill()
    ground.fleet.processes["ui"].kill()
    live = len(ground.published(names))
    with restored(ground, archive, postgres.dsn("elsewhere")) as there:
        [known] = there.ground.rows(_KNOWN)
        with there.ground.worker("elsewhere"):
            there.ground.wait(task)
        states = there.ground.rows("SELECT DISTINCT state FROM posts WHERE task_id = %s", task)
        [found] = there.ground.rows(_FOUND)
        [looked_for] = there.ground.rows(_LOOKED_FOR)

    assert known["count"] < live < len(names) * 3, "it was in the middle"
    assert looked_for["count"] + known["count"] >= len(names) * 3 - 2, "all but what was under way"
    assert found["count"] == live - known["count"], "what went live since is found"
    assert states == [{"state": "published"}]
    ground.check_once(names, videos=3)
