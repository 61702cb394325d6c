"""Pausing everything, a task, and what rests because several failed alike, from the command line."""

import psycopg
from tests.cli.conftest import Run, parsed

from igfleet.cli.exits import Exit

_WORKER = """
INSERT INTO workers (name, version, slots, kinds, methods) VALUES ('box-1', '0', 1, '["bulk_login"]', '["instagrapi"]')
"""
_BREAKER = """
INSERT INTO breakers (scope, key, rule, until, rest_s, subjects, reason)
VALUES ('kind', 'bulk_login', 'kind_blocked', now() + interval '1 hour', 3600, '[]', 'action_blocked')
"""


def _sql(database_url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        done = connection.execute(statement)
        return done.fetchall() if done.description else []


def test_everything_is_paused_told_and_goes_on(run: Run, database_url: str) -> None:
    _sql(database_url, _WORKER)

    paused = parsed(run("pause", "--why", "It looks odd", "--json"))
    again = run("pause", "--why", "Another", "--wait", "0.1")
    _sql(database_url, "UPDATE workers SET standstill_seen = (SELECT id FROM standstills), seen_at = now()")
    acknowledged = run("pause", "--wait", "60")
    resumed = run("resume")

    assert (paused["why"], paused["past_permit"], paused["waiting_for"]) == ("It looks odd", 0, ["box-1"])
    assert again.exit_code == Exit.TIMEOUT
    assert "Acknowledged by 0 of 1 workers." in again.stderr
    assert acknowledged.exit_code == Exit.OK
    assert resumed.exit_code == Exit.OK
    assert _sql(database_url, "SELECT why, began_by, ended_by FROM standstills") == [("It looks odd", "cli", "cli")]
    assert run("resume").exit_code == Exit.REFUSED


def test_what_rests_is_listed_and_said_to_be_mended(run: Run, database_url: str) -> None:
    _sql(database_url, _BREAKER)

    [row] = parsed(run("breakers", "list", "--json"))
    listed = run("breakers", "list")
    closed = run("breakers", "close", row["id"])

    assert (row["place"], row["rests"]) == ("Bulk login", "Nothing of this kind is run")
    assert "Instagram blocks this for several accounts" in listed.stdout
    assert closed.exit_code == Exit.OK
    assert parsed(run("breakers", "list", "--json")) == []
    assert run("breakers", "close", row["id"]).exit_code == Exit.REFUSED
    assert run("breakers", "close", 99).exit_code == Exit.NOT_FOUND


def test_a_task_is_paused_and_goes_on(run: Run, database_url: str) -> None:
    with open("accounts.csv", "w", encoding="utf-8") as file:
        file.write("username,password\nnord_01,pw\n")
    run("accounts", "import", "accounts.csv", "--authorised-by", "the agency")
    made = parsed(run("tasks", "create", "--kind", "bulk_login", "--accounts", "nord_01", "--start", "--json"))
    heads = "SELECT paused_why, head FROM tasks t JOIN account_tasks a ON a.task_id = t.id"

    paused = run("tasks", "pause", made["id"], "--why", "Too fast")
    while_paused = _sql(database_url, heads)
    resumed = run("tasks", "resume", made["id"])

    assert f"igfleet tasks resume {made['id']}" in paused.stdout
    assert while_paused == [("Too fast", False)]
    assert resumed.stdout == f"Task {made['id']} goes on.\n"
    assert _sql(database_url, heads) == [("", True)]
    assert run("tasks", "pause", 99).exit_code == Exit.NOT_FOUND
    run("tasks", "cancel", made["id"])
    assert run("tasks", "pause", made["id"]).exit_code == Exit.REFUSED
