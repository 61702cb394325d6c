"""The role that igfleet works as: it may do everything with the tables but change the audit, or the tables themselves.

Whoever makes it run a statement of theirs can add to the audit and not take from it: triggers can only be switched off
by the owner, which migrates, backs up and restores, and serves nobody.
"""

import secrets
from dataclasses import dataclass

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from igfleet.errors import SetupError
from igfleet.ui.scope.views import SCHEMA

ROLE = "igfleet_service"
_TURN = 0x16F1EE8
"""Advisory lock: one process grants at a time."""
_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)"
_GRANTS = """
GRANT USAGE ON SCHEMA {base}, {scope} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {base}, {scope} TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {base} TO {role};
REVOKE ALL ON audit, audit_seals, alembic_version FROM {role};
GRANT SELECT ON audit, audit_seals, alembic_version TO {role};
GRANT INSERT (actor, action, subject, facts) ON audit TO {role}
"""
"""An entry's number and time are the database's own; links are made by a function that runs as the owner."""
_IS_WHOLE = """
SELECT current_user, pg_has_role(current_user, c.relowner, 'MEMBER')
  OR has_table_privilege(current_user, c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
FROM pg_class c WHERE c.oid = to_regclass('audit')
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who one is in a database, and whether they could change what the audit tells."""

    role: str
    may_change_audit: bool


def restrict(owner_url: str, role: str = ROLE, password: str | None = None) -> None:
    """Make the role where there is none, and let it do its work on the tables as they are now. Safe to repeat.

    Raises `SetupError`.
    """
    name = sql.Identifier(role)
    try:
        with psycopg.connect(owner_url, connect_timeout=10) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])
            base = str((connection.execute("SELECT current_schema()").fetchone() or ("public",))[0])
            if not (connection.execute(_EXISTS, [role]).fetchone() or (True,))[0]:
                made = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
                connection.execute(made.format(name))
            if password is not None:
                connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(password)))
            grants = sql.SQL(_GRANTS).format(base=sql.Identifier(base), scope=sql.Identifier(SCHEMA), role=name)
            connection.execute(grants)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise SetupError(f"The role {role} cannot be made or given its rights ({reason}).") from error


def address_of(owner_url: str, role: str = ROLE, password: str | None = None) -> str:
    """The same database for the role."""
    return make_url(owner_url).set(username=role, password=password).render_as_string(hide_password=False)


def fresh_password() -> str:
    return secrets.token_urlsafe(24)


def standing(url: str) -> Standing:
    """Who one is by this address. The tables are there."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute(_IS_WHOLE).fetchone()
    return Standing(str(row[0]), bool(row[1])) if row else Standing("", may_change_audit=True)
