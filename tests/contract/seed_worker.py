"""A worker and a caller of workers that know the first HTTP contract and nothing else."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass
class SeedWorker:
    """Aggregate, download, status, counters: the calls of the first contract, under `Authorization: Bearer`."""

    client: httpx.AsyncClient

    async def aggregate(self, task_id: int, **query: int) -> dict[str, Any]:
        answer = await self.client.get(f"/api/bulk-tasks/{task_id}/aggregate", params=query)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def download(self, video_id: int) -> httpx.Response:
        return await self.client.get(f"/api/media/{video_id}/download")

    async def task_says(self, task_id: int, **body: str) -> dict[str, Any]:
        return await self._post(f"/api/bulk-tasks/{task_id}/status", body)

    async def account_says(self, account_task_id: int, **body: str) -> dict[str, Any]:
        return await self._post(f"/api/bulk-accounts/{account_task_id}/status", body)

    async def count(self, account_task_id: int, **body: int) -> dict[str, Any]:
        return await self._post(f"/api/bulk-accounts/{account_task_id}/counters", body)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told
