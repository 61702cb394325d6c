"""Accounts as people write them: a CSV file with a header, or lines of values between colons."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from igfleet.errors import Invalid
from igfleet.ui.imports.account_fields import FIELDS, SECRETS, checked
from igfleet.ui.imports.source import Record, first_line, records, split

_ALIASES: Mapping[str, str] = {
    **{name: name for name in FIELDS},
    **dict.fromkeys(("user", "login", "account", "name", "user_name"), "username"),
    **dict.fromkeys(("pass", "passwd", "pwd"), "password"),
    **dict.fromkeys(("totp", "2fa", "tfa", "tfa_secret", "2fa_secret", "otp_secret", "secret"), "totp_secret"),
    **dict.fromkeys(("mail", "e_mail", "email_username", "email_login"), "email"),
    **dict.fromkeys(("email_pass", "mail_password", "mail_pass", "emailpass"), "email_password"),
    **dict.fromkeys(("phone_number", "tel"), "phone"),
    **dict.fromkeys(("tag", "labels", "groups"), "tags"),
    **dict.fromkeys(("customer", "client_name"), "client"),
    **dict.fromkeys(("language", "lang"), "locale"),
    **dict.fromkeys(("tz", "time_zone"), "timezone"),
    **dict.fromkeys(("authorized_by",), "authorised_by"),
    **dict.fromkeys(("authorized_until",), "authorised_until"),
    **dict.fromkeys(("dolphin", "dolphin_id", "dolphin_profile"), "dolphin_profile_id"),
    **dict.fromkeys(("note", "comment", "comments"), "notes"),
}
_SHAPES: Mapping[int, tuple[str, ...]] = {
    2: ("username", "password"),
    3: ("username", "password", "totp_secret"),
    4: ("username", "password", "email", "email_password"),
    5: ("username", "password", "email", "email_password", "totp_secret"),
}
_FOREIGN_COLUMN = re.compile(
    r"(^|_)(device|android|phone_id|uuid|guid|adid|cookies?|session(_?id)?|bearer|authorization|user_?agent|mid|ig_did|csrf\w*|ds_user_id)($|_)"
)
_FOREIGN_VALUE = re.compile(
    r"android-[0-9a-f]{12,}|Bearer\s+IGT|sessionid\s*=|ds_user_id\s*=|csrftoken\s*="
    r"|Instagram \d+\.\d+",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
FOREIGN = (
    "Device ids, cookies and session tokens are not accepted: igfleet signs in with the account's own "
    "password and keeps the session that comes of it"
)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One line. `fields` holds what was given, checked and normalised; `trouble` says what is wrong with it."""

    line: int
    username: str = ""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    trouble: str = ""

    @property
    def secrets(self) -> dict[str, str]:
        return {name: value for name, value in self.fields.items() if name in SECRETS}


def parse_accounts(text: str) -> list[AccountLine]:
    """The lines of an accounts file. Raises `Invalid` when the file as a whole is not one."""
    first = first_line(text)
    if not first:
        raise Invalid("The file is empty. Its first line names the columns, as in username,password,totp_secret")
    found = _header(first)
    if found is None:
        return [_from_line(record) for record in records(text, ":")]
    delimiter, columns = found
    rows = records(text, delimiter)
    next(rows)
    return [_from_row(columns, record) for record in rows]


def _header(first: str) -> tuple[str, tuple[str, ...]] | None:
    """Delimiter and columns, None when the first line is no header. Raises `Invalid` for a column we do not take."""
    for delimiter in (",", ";", "\t", ":"):
        try:
            names = tuple(_plain(cell) for cell in split(first, delimiter))
        except ValueError:
            continue
        known = [_ALIASES.get(name) for name in names]
        if "username" in known and (len(names) == 1 or sum(name is not None for name in known) > 1):
            return delimiter, _columns(names)
    if "," in first and ":" not in first:
        raise Invalid(f"The first line must name the columns. Known: {', '.join(FIELDS)}")
    return None


def _columns(names: tuple[str, ...]) -> tuple[str, ...]:
    foreign = [name for name in names if name not in _ALIASES and _FOREIGN_COLUMN.search(name)]
    if foreign:
        raise Invalid(f"{FOREIGN}. Remove the column {foreign[0]!r}.")
    unknown = [name for name in names if name not in _ALIASES]
    if unknown:
        raise Invalid(f"There is no column {unknown[0][:50]!r}. Known: {', '.join(FIELDS)}")
    columns = tuple(_ALIASES[name] for name in names)
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice:
        raise Invalid(f"The column {twice!r} stands twice in the first line.")
    return columns


def _from_row(columns: tuple[str, ...], record: Record) -> AccountLine:
    if record.trouble:
        return AccountLine(record.line, trouble=record.trouble)
    if len(record.cells) > len(columns):
        return AccountLine(record.line, trouble="More values than columns: put a value with commas in quotes")
    return _checked(record.line, dict(zip(columns, record.cells, strict=False)))


def _from_line(record: Record) -> AccountLine:
    if record.trouble:
        return AccountLine(record.line, trouble=record.trouble)
    if any(_FOREIGN_VALUE.search(cell) for cell in record.cells):
        return AccountLine(record.line, trouble=FOREIGN)
    names = _SHAPES.get(len(record.cells))
    if names is None and any(_UUID.search(cell) for cell in record.cells):
        return AccountLine(record.line, trouble=FOREIGN)
    if names is None:
        shapes = "user:pass, user:pass:totp, user:pass:email:emailpass or user:pass:email:emailpass:totp"
        return AccountLine(record.line, trouble=f"Cannot be read: write {shapes}; a value with colons in quotes")
    return _checked(record.line, dict(zip(names, record.cells, strict=True)))


def _checked(line: int, given: Mapping[str, str]) -> AccountLine:
    if any(_FOREIGN_VALUE.search(cell) for cell in given.values()):
        return AccountLine(line, trouble=FOREIGN)
    username = ""
    fields: dict[str, str] = {}
    for name in sorted(given, key=lambda name: name != "username"):
        value = given[name].strip()
        if not value:
            continue
        try:
            fields[name] = checked(name, value)
        except ValueError as error:
            return AccountLine(line, username, trouble=f"{name}: {error}")
        username = fields.get("username", "")
    if not username:
        return AccountLine(line, trouble="username: is missing")
    return AccountLine(line, username, fields)


def _plain(cell: str) -> str:
    return re.sub(r"[\s-]+", "_", cell.strip().lower())
