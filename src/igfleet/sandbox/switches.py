"""Which dialogues the web site shows on its way."""

from pydantic import BaseModel, ConfigDict


class Switches(BaseModel):
    """Dialogues that the real site shows to some and not to others."""

    model_config = ConfigDict(extra="forbid")

    cookie_dialog: bool = True
    save_info: bool = True
    notifications: bool = True
    submenu: bool = True
    """`Create` opens a menu with `Post`; without it the dialogue opens at once."""
    reels_notice: bool = True
