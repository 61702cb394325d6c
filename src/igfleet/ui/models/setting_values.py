"""Settings that an admin changed while igfleet runs."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created


class SettingValue(Base):
    """One setting, by the name of its variable, as it would be written in the environment."""

    __tablename__ = "setting_values"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[Created]
