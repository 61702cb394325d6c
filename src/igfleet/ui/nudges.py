"""Nudges: telling workers at once that there is work. A lost one loses nothing, workers also ask by themselves."""

import asyncio
import math
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import httpx
from sqlalchemy import func, select

from igfleet import log
from igfleet.contracts.states import AccountTaskState
from igfleet.contracts.tasks import Method
from igfleet.runners import options_of, runner_of
from igfleet.settings import UiSettings
from igfleet.ui.db import Database
from igfleet.ui.models import AccountTask, Task

_log = log.get(__name__)
_TIMEOUT = httpx.Timeout(5.0)


@dataclass(frozen=True, slots=True)
class _Call:
    url: str
    body: dict[str, object]


class Nudges:
    """Start calls to `WORKER_POOL`: one per `DISPATCH_BATCH_SIZE` account tasks, `DISPATCH_CONCURRENCY` at once."""

    def __init__(self, settings: UiSettings) -> None:
        self._settings = settings

    async def nudge(self, database: Database, task_id: int) -> int:
        """Tell the pool of a task. Returns how many workers answered. Never raises for a worker's fault."""
        pool = [str(url).rstrip("/") for url in self._settings.worker_pool]
        if not pool:
            return 0
        calls = await self._calls(database, task_id, pool)
        limit = asyncio.Semaphore(self._settings.dispatch_concurrency)
        async with httpx.AsyncClient(timeout=_TIMEOUT, verify=self._tls, trust_env=False) as client:
            answers = await asyncio.gather(*(self._send(client, limit, call) for call in calls))
        return sum(answers)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made once: to read all authorities takes 20 ms, in which nothing else goes on."""
        return httpx.create_ssl_context(verify=self._settings.verify_ssl, trust_env=False)

    async def _calls(self, database: Database, task_id: int, pool: Sequence[str]) -> list[_Call]:
        """The share of each call is `position % batch_count == batch_index`; the calls go round the pool."""
        async with database.sessions() as session:
            task = await session.get_one(Task, task_id)
            waiting = await session.scalar(
                select(func.count()).where(
                    AccountTask.task_id == task_id, AccountTask.state == AccountTaskState.AVAILABLE
                )
            )
        runner = runner_of(task.kind)
        count = max(math.ceil((waiting or 0) / self._settings.dispatch_batch_size), 1)
        driver = options_of(task.kind, task.options).driver
        method = None if driver is Method.NONE else driver.value
        return [
            _Call(
                f"{pool[index % len(pool)]}/api/v1/{runner.start_path}/start?task_id={task_id}",
                {
                    "mode": "pull",
                    "task_id": task_id,
                    "options": {"batch_index": index, "batch_count": count, "upload_method": method},
                },
            )
            for index in range(count)
        ]

    async def _send(self, client: httpx.AsyncClient, limit: asyncio.Semaphore, call: _Call) -> bool:
        token = self._settings.worker_api_token
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        async with limit:
            try:
                response = await client.post(call.url, json=call.body, headers=headers)
                response.raise_for_status()
            except httpx.HTTPError as error:
                _log.warning("nudge_failed", worker=call.url.partition("?")[0], error=repr(error))
                return False
        return True
