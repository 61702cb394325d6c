"""What a mail says: how many of what, the first of each, and where to look. No secret, and no caption."""

from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any

from jinja2 import Environment
from pydantic import BaseModel

from igfleet.settings import UiSettings
from igfleet.ui.models import Mail

_LONGEST_SUBJECT = 150
_OWN_PAGE = "/me/notifications"


class Line(BaseModel):
    """One event."""

    text: str
    path: str


class Chapter(BaseModel):
    """All events of one kind; the first of them are told."""

    title: str
    count: int
    lines: list[Line]

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


class Letter(BaseModel):
    """The content of a mail."""

    chapters: list[Chapter]

    @property
    def subject(self) -> str:
        """ "3 posts failed, 1 worker lost"."""
        told = ", ".join(chapter.title for chapter in self.chapters)
        return told if len(told) <= _LONGEST_SUBJECT else told[: _LONGEST_SUBJECT - 1] + "…"


def message(mail: Mail, settings: UiSettings, templates: Environment) -> EmailMessage:
    """The mail as it is sent: plain text, and the same as simple HTML."""
    letter = Letter.model_validate(mail.content)
    made = EmailMessage()
    made["From"] = formataddr(("igfleet", settings.mail_from))
    made["To"] = mail.address
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(mail.created_at)
    made["Message-ID"] = (
        f"<igfleet-{mail.id}-{int(mail.created_at.timestamp())}@{settings.mail_from.partition('@')[2]}>"
    )
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(_plain(letter, settings))
    context: dict[str, Any] = {"letter": letter, "base": _base(settings), "own_page": _OWN_PAGE}
    made.add_alternative(templates.get_template("mail/letter.html").render(context), subtype="html")
    return made


def subject(letter: Letter, settings: UiSettings) -> str:
    """One line, whoever named what it is about."""
    return f"{'' if settings.is_live else '[sandbox] '}igfleet: {letter.subject}"


def _plain(letter: Letter, settings: UiSettings) -> str:
    base = _base(settings)
    parts = ["\n\n".join(_chapter(chapter, base) for chapter in letter.chapters)]
    if not settings.is_live:
        parts.append("This is a sandbox: nothing was sent to Instagram.")
    parts.append(f"What you are told of, and when, you choose at {base}{_OWN_PAGE}")
    return "\n\n".join(parts) + "\n"


def _chapter(chapter: Chapter, base: str) -> str:
    rows = [f"- {line.text}\n  {base}{line.path}" for line in chapter.lines]
    more = [f"and {chapter.more} more"] if chapter.more else []
    return "\n".join([chapter.title, *rows, *more])


def _base(settings: UiSettings) -> str:
    """Without an address of its own, only the paths are told."""
    return settings.public_url.rstrip("/")
