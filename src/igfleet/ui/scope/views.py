"""What a confined transaction sees in place of the tables: views with the same names and the same columns.

They are simple enough for PostgreSQL to write through them. What is no view here belongs to the whole fleet: the
library, captions, target lists, workers, and what only admins open.
"""

import hashlib

from sqlalchemy import Connection, text

SCHEMA = "igfleet_scope"
_CLIENTS = "current_setting('igfleet.clients')::text[]"
_IS_MINE = "split_part({}.created_by, '/key:', 1) = current_setting('igfleet.actor')"
_OF_ACCOUNT = "account_id IN (SELECT id FROM {s}.accounts)"
_OF_SHARE = "account_task_id IN (SELECT id FROM {s}.shares)"
_OF_POST = "post_id IN (SELECT id FROM {s}.posts)"
_OF_TASK = "task_id IN (SELECT id FROM {s}.tasks)"
_FOREIGN = (  # whether a list names an account that is not theirs
    "EXISTS (SELECT FROM jsonb_array_elements_text({}) AS one WHERE one::bigint NOT IN (SELECT id FROM {{s}}.accounts))"
)
_TASK = f"""
(t.state <> 'draft' AND t.id IN (SELECT task_id FROM {{s}}.shares))
OR (jsonb_array_length(t.account_ids) = 0 AND {_IS_MINE.format("t")})
OR (t.state IN ('draft', 'cancelled') AND jsonb_array_length(t.account_ids) > 0
  AND NOT {_FOREIGN.format("t.account_ids")})
"""
_SHARES = f"""
SELECT id, task_id FROM {{b}}.account_tasks WHERE {_OF_ACCOUNT}
UNION ALL SELECT a.id, a.task_id FROM {{b}}.account_tasks a JOIN {{b}}.tasks o ON o.id = a.task_id
  WHERE a.account_id IS NULL AND (a.proxy_id IN (SELECT id FROM {{s}}.proxies) OR {_IS_MINE.format("o")})
"""
_ORDER = "coalesce(nullif(t.draft->'account_ids', 'null'), '[]')"
_RECURRING = f"""
(jsonb_array_length({_ORDER}) > 0 AND NOT {_FOREIGN.format(_ORDER)})
OR (jsonb_array_length({_ORDER}) = 0 AND {_IS_MINE.format("t")})
"""
_WHOLE_TASK = f"""
SELECT NOT {_FOREIGN.format("t.account_ids")} AND NOT EXISTS
  (SELECT FROM {{b}}.account_tasks a WHERE a.task_id = t.id AND a.id NOT IN (SELECT id FROM {{s}}.account_tasks))
FROM {{b}}.tasks t WHERE t.id = $1
"""
VIEWS = {
    "accounts": f"client = ANY({_CLIENTS})",
    "proxies": f"EXISTS (SELECT FROM {{b}}.accounts o WHERE o.proxy_id = t.id AND o.client = ANY({_CLIENTS}))",
    "account_tasks": f"{_OF_ACCOUNT} OR (account_id IS NULL AND (proxy_id IN (SELECT id FROM {{s}}.proxies)"
    f" OR EXISTS (SELECT FROM {{b}}.tasks o WHERE o.id = t.task_id AND {_IS_MINE.format('o')})))",
    "tasks": _TASK,
    "task_media": _OF_TASK,
    "posts": _OF_ACCOUNT,
    "post_history": _OF_POST,
    "post_incidents": _OF_POST,
    "checks": _OF_ACCOUNT,
    "challenges": _OF_ACCOUNT,
    "incidents": _OF_ACCOUNT,
    "follows": _OF_ACCOUNT,
    "spendings": _OF_ACCOUNT,
    "action_rests": _OF_ACCOUNT,
    "evidence": _OF_SHARE,
    "attempts": _OF_SHARE,
    "proxy_checks": "proxy_id IN (SELECT id FROM {s}.proxies)",
    "recurring_tasks": _RECURRING,
    "occurrences": "recurring_id IN (SELECT id FROM {s}.recurring_tasks)",
    "holds": "split_part(made_by, '/key:', 1) = current_setting('igfleet.actor')",
    "bulk_jobs": "user_id = current_setting('igfleet.user')::bigint",
    "log_lines": f"CASE WHEN account_task_id IS NULL THEN {{s}}.is_whole(task_id) ELSE {_OF_SHARE} END",
}
"""Which rows are somebody's own. `{b}` is the schema of the tables, `{s}` that of the views, `t` the row."""


def install(connection: Connection) -> None:
    """Make the views, where they are not as they stand here. The tables are migrated already."""
    base = connection.scalar(text("SELECT quote_ident(current_schema())"))
    statements = list(_statements(str(base)))
    mark = hashlib.sha256("".join(statements).encode()).hexdigest()
    described = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name"
    if connection.scalar(text(described), {"name": SCHEMA}) != mark:
        whole = [*statements, f"COMMENT ON SCHEMA {SCHEMA} IS '{mark}'"]
        connection.exec_driver_sql("BEGIN;\n" + ";\n".join(whole) + ";\nCOMMIT")


def remove(connection: Connection) -> None:
    """Before the tables change: a column that a view shows cannot go."""
    connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _statements(base: str) -> list[str]:
    names = {"b": base, "s": SCHEMA}
    is_whole = (
        f"CREATE FUNCTION {SCHEMA}.is_whole(bigint) RETURNS boolean LANGUAGE sql STABLE"
        f" AS $${_WHOLE_TASK.format(**names)}$$"
    )
    made = [f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE", f"CREATE SCHEMA {SCHEMA}"]
    for name, own in VIEWS.items():
        if name == "account_tasks":  # the same rows, found from the accounts: for what asks which they are
            made.append(f"CREATE VIEW {SCHEMA}.shares AS {_SHARES.format(**names)}")
        if name == "log_lines":
            made.append(is_whole)
        made.append(f"CREATE VIEW {SCHEMA}.{name} AS SELECT * FROM {base}.{name} t WHERE {own.format(**names)}")
    return made
