"""The role that igfleet works as cannot change what the audit tells."""

import psycopg
import pytest
from psycopg import errors
from tests.cli.conftest import Run

from igfleet.ui.restricted import address_of, standing

_WRITE = "INSERT INTO audit (actor, action, subject) VALUES ('user:anna', 'one', 'account:1')"
_DEEDS = (
    "UPDATE audit SET actor = 'user:otto'",
    "DELETE FROM audit",
    "TRUNCATE audit CASCADE",
    "UPDATE audit_seals SET hash = ''",
    "DELETE FROM audit_seals",
    "INSERT INTO audit_seals (place, audit_id, hash) VALUES (9, 1, '')",
    "INSERT INTO audit (at, actor, action, subject) VALUES (now() - interval '1 day', 'a', 'b', 'c')",
    "ALTER TABLE audit DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_kept ON audit",
    "DROP TABLE audit CASCADE",
    "CREATE OR REPLACE FUNCTION audit_seal() RETURNS trigger LANGUAGE sql AS ''",
    "ALTER FUNCTION audit_seal() SECURITY INVOKER",
    "SET session_replication_role = replica",
    "ALTER TABLE audit OWNER TO igfleet_service",
    "SET ROLE igfleet",
    "ALTER ROLE igfleet_service SUPERUSER",
    "UPDATE alembic_version SET version_num = '0001'",
)


@pytest.mark.parametrize("deed", _DEEDS)
def test_it_is_refused(database_url: str, deed: str) -> None:
    with psycopg.connect(address_of(database_url)) as connection:
        connection.execute(_WRITE)
        connection.commit()
        with pytest.raises((errors.InsufficientPrivilege, errors.InvalidFunctionDefinition)):
            connection.execute(deed)


def test_a_table_of_the_same_name_does_not_catch_the_links(database_url: str) -> None:
    with psycopg.connect(address_of(database_url)) as connection:
        connection.execute("CREATE TEMP TABLE audit_seals (place bigint, audit_id bigint, hash bytea)")
        connection.execute(_WRITE)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM audit_seals").fetchone() == (1,)


def test_what_the_owner_does_is_found(run: Run, database_url: str) -> None:
    with psycopg.connect(address_of(database_url)) as connection:
        connection.execute(_WRITE)
        connection.execute(_WRITE)
    before = run("audit", "verify")
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_kept")
        connection.execute("UPDATE audit SET actor = 'user:otto' WHERE id = 1")
        connection.execute("ALTER TABLE audit ENABLE TRIGGER audit_kept")
    after = run("audit", "verify")

    assert (before.exit_code, after.exit_code) == (0, 1)
    assert "entry 1 is not what it was" in after.stderr


def test_a_role_for_a_database_of_one_s_own(run: Run, own_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", own_database_url)
    before = run("doctor")
    made = run("db", "role", "igfleet_of_test")
    given = dict(line.split("=", 1) for line in made.stdout.splitlines())
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    upgraded, worked, after = run("db", "upgrade"), run("users", "list"), run("doctor")

    assert "which could change it  " in before.stdout.replace(".", " ")
    assert standing(given["DATABASE_URL"]).may_change_audit is False
    assert (upgraded.exit_code, worked.exit_code) == (0, 0), upgraded.stderr + worked.stderr
    assert "igfleet works as igfleet_of_test, which cannot change it" in after.stdout
    with psycopg.connect(own_database_url) as connection:
        connection.execute("DROP OWNED BY igfleet_of_test; DROP ROLE igfleet_of_test")
