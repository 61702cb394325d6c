"""procrastinate, embedded: its jobs and worker live inside the ui process. The only module that knows it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import procrastinate
from procrastinate import PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued

from igfleet import log
from igfleet.ui import conversions, library
from igfleet.ui.bulk import work as bulk
from igfleet.ui.context import UiContext
from igfleet.ui.jobs.repeat import repeat
from igfleet.ui.jobs.tick import prune, tick
from igfleet.ui.mail import gathering
from igfleet.ui.mail import sending as mails
from igfleet.ui.webhooks import sending as webhooks

_log = log.get(__name__)
_TICK = "* * * * * */2"
"""Every two seconds (the sixth field)."""
_SWEEP = "* * * * * */15"
"""Every quarter of a minute."""
_MINUTELY = "* * * * *"
_NIGHTLY = "17 3 * * *"
_AT_ONCE = 4
_STOP_S = 10
_RETRIES = 5


class Jobs:
    """The background engine of one ui process; several processes share one database."""

    def __init__(self, ui: UiContext) -> None:
        connector = PsycopgConnector(conninfo=ui.database.url, min_size=1, max_size=_AT_ONCE + 2)
        self._app = procrastinate.App(connector=connector)
        self._ui = ui
        self._ticking, self._converting = asyncio.Lock(), asyncio.Lock()
        self._define()
        self._define_tellings()
        self._define_by_the_clock()

    def _define(self) -> None:
        app, ui = self._app, self._ui

        @app.periodic(cron=_TICK)
        # Without the engine's lock: a process that was killed in its tick would hold it for ever.
        @app.task(name="tick", queueing_lock="tick")
        async def run_tick(timestamp: int) -> None:
            if not self._ticking.locked():
                async with self._ticking:
                    await tick(ui)
                    await self._convert_next()
                    await self._go_on_with_bulk()
                    await self._tell_webhooks()
                    await self._tell_people()

        @app.periodic(cron=_SWEEP)
        @app.task(name="probe_forgotten", queueing_lock="probe_forgotten")
        async def run_probe_forgotten(timestamp: int) -> None:
            async with ui.database.sessions() as session:
                forgotten = await library.forgotten(session)
            for media_id in forgotten:
                await self.probe(media_id)

        @app.task(name="probe", retry=procrastinate.RetryStrategy(max_attempts=_RETRIES, exponential_wait=2))
        async def run_probe(media_id: int) -> None:
            await library.probe(ui, media_id)
            ui.bus.tell("media", media_id)

        @app.task(name="conversion")
        async def run_conversion(conversion_id: int, media_id: int) -> None:
            if not self._converting.locked():  # one at a time in a process: the next tick finds those that wait
                async with self._converting:
                    await conversions.work(ui, conversion_id, lambda _percent: ui.bus.tell("media", media_id))
                ui.bus.tell("media", media_id)

        @app.task(name="bulk")
        async def run_bulk(job_id: int) -> None:
            await bulk.work(ui, job_id)

        self._probe, self._conversion, self._bulk = run_probe, run_conversion, run_bulk

    def _define_tellings(self) -> None:
        app, ui = self._app, self._ui

        @app.task(name="webhook")
        async def run_webhook(delivery_id: int) -> None:
            await webhooks.send(ui, delivery_id)

        @app.task(name="mail")
        async def run_mail(mail_id: int) -> None:
            await mails.send(ui, mail_id)

        self._webhook, self._mail = run_webhook, run_mail

    def _define_by_the_clock(self) -> None:
        app, ui = self._app, self._ui

        @app.periodic(cron=_MINUTELY)
        @app.task(name="repeat", queueing_lock="repeat")
        async def run_repeat(timestamp: int) -> None:
            await repeat(ui)

        @app.periodic(cron=_NIGHTLY)
        @app.task(name="prune", queueing_lock="prune")
        async def run_prune(timestamp: int) -> None:
            await prune(ui)

    async def probe(self, media_id: int) -> None:
        """Probe a file soon. Again is harmless while it waits for it."""
        await _soon(self._probe, media_id=media_id)

    async def convert(self, conversion_id: int, media_id: int) -> None:
        """Convert a file soon. Again is harmless while it waits for it."""
        await _soon(self._conversion, conversion_id=conversion_id, media_id=media_id)

    async def bulk(self, job_id: int) -> None:
        """Do a bulk job soon. Again is harmless."""
        await _soon(self._bulk, job_id=job_id)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The engine works within the block."""
        async with self._app.open_async():
            worker = asyncio.create_task(self._work())
            try:
                yield
            finally:
                worker.cancel()
                with suppress(asyncio.CancelledError, TimeoutError):
                    await asyncio.wait_for(worker, _STOP_S)

    async def _work(self) -> None:
        while True:
            try:
                await self._app.run_worker_async(
                    concurrency=_AT_ONCE,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=2.0,
                    shutdown_graceful_timeout=_STOP_S / 2,
                )
            except Exception as error:  # the engine must come back when the database does
                _log.warning("jobs_interrupted", error=repr(error)[:300])
            await asyncio.sleep(1)

    async def _convert_next(self) -> None:
        """The conversion that has waited longest, also when the process that worked on it is gone."""
        if self._converting.locked():
            return
        async with self._ui.database.sessions() as session:
            following = await conversions.next_up(session)
        if following is not None:
            await self.convert(*following)

    async def _tell_webhooks(self) -> None:
        """What is due now. Again is harmless while it waits for its attempt."""
        for delivery_id in await webhooks.due(self._ui.database):
            await _soon(self._webhook, delivery_id=delivery_id)

    async def _tell_people(self) -> None:
        """The same by mail."""
        await gathering.gather(self._ui)
        for mail_id in await mails.due(self._ui):
            await _soon(self._mail, mail_id=mail_id)

    async def _go_on_with_bulk(self) -> None:
        """Bulk jobs that are not over, also when the process that worked on them is gone."""
        async with self._ui.database.sessions() as session:
            waiting = await bulk.open_ones(session)
        for job_id in waiting:
            await self.bulk(job_id)


async def _soon(task: Any, **given: int) -> None:
    """Defer a job, unless one about the same thing, the first that is given, waits already."""
    about = next(iter(given.values()))
    with suppress(AlreadyEnqueued):
        await task.configure(queueing_lock=f"{task.name} {about}").defer_async(**given)
