"""Sending what waits: the next attempt is booked before this one is made, so that a death loses none."""

from sqlalchemy import func, select, update

from igfleet import log
from igfleet.ui.context import UiContext
from igfleet.ui.mail.letter import message
from igfleet.ui.mail.postman import NotDelivered, Postman
from igfleet.ui.models import DeliveryState, Mail
from igfleet.ui.templating import environment
from igfleet.ui.webhooks.sending import PAUSES_S, pause

_log = log.get(__name__)
_AT_ONCE = 50


async def due(ui: UiContext) -> list[int]:
    """What is to be sent now, the oldest first."""
    async with ui.database.sessions() as session:
        query = select(Mail.id).where(Mail.state == DeliveryState.WAITING, Mail.next_at <= func.now())
        return list(await session.scalars(query.order_by(Mail.id).limit(_AT_ONCE)))


async def send(ui: UiContext, mail_id: int) -> None:
    """Make one attempt, when it is still due."""
    mail = await _taken(ui, mail_id)
    if mail is None:
        return
    values: dict[str, object] = {"state": DeliveryState.DELIVERED, "answer": "", "content": {"chapters": []}}
    values["delivered_at"] = func.now()
    try:
        await Postman(ui.settings).deliver(message(mail, ui.settings, environment(ui.settings)))
    except NotDelivered as error:
        is_over = error.is_final or mail.attempts > len(PAUSES_S)
        state = DeliveryState.FAILED if is_over else DeliveryState.WAITING
        values = {"state": state, "answer": str(error)}
    async with ui.database.sessions.begin() as session:
        await session.execute(update(Mail).where(Mail.id == mail.id).values(**values))
    _log.info("mail_sent", mail=mail.id, state=str(values["state"]))


async def _taken(ui: UiContext, mail_id: int) -> Mail | None:
    async with ui.database.sessions.begin() as session:
        is_due = Mail.id == mail_id, Mail.state == DeliveryState.WAITING, Mail.next_at <= func.now()
        mail = await session.scalar(select(Mail).where(*is_due).with_for_update(skip_locked=True))
        if mail is not None:
            mail.attempts += 1
            mail.next_at = (await session.execute(select(func.now()))).scalar_one() + pause(mail.attempts)
        return mail
