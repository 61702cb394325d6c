"""Where a person mends what a plan leaves out: one place for each sort of problem."""

from dataclasses import dataclass

from igfleet.ui.planning.notes import Note

_EDIT = "edit"
_PLACES = {
    "archived": ("Archived accounts", "/accounts?shown=archived"),
    "not_authorised": ("Import who did", "/accounts/import"),
    "authorisation_expired": ("Import a later date", "/accounts/import"),
    "proxy_missing": ("Proxies", "/proxies"),
    "proxy_disabled": ("Proxies", "/proxies"),
    "dolphin_profile_missing": ("Import the profile", "/accounts/import"),
    "media_probing": ("Media", "/media"),
    "media_not_publishable": ("Media", "/media"),
    "media_no_video": ("Media", "/media"),
    "no_video": ("Add videos", _EDIT),
    "already_published": ("Choose other videos", _EDIT),
    "planned_twice": ("Change the videos", _EDIT),
    "planned_elsewhere": ("Change the videos", _EDIT),
    "no_caption": ("Change the captions", _EDIT),
    "caption_empty": ("Change the captions", _EDIT),
    "caption_too_long": ("Change the captions", _EDIT),
    "too_many_hashtags": ("Change the captions", _EDIT),
    "budget_hour": ("Change the times", _EDIT),
    "budget_day": ("Change the times", _EDIT),
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """A link."""

    label: str
    path: str


def remedy_of(note: Note, task_id: int) -> Remedy:
    """What to open for it."""
    edit = f"/tasks/{task_id}/edit"
    if note.code.startswith("account_"):
        return Remedy("These accounts", f"/accounts?status={note.code.removeprefix('account_')}")
    label, path = _PLACES.get(note.code, ("Change the draft", _EDIT))
    return Remedy(label, edit if path == _EDIT else path)
