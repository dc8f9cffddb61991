"""The tests' API server with what leads into pods: their logs, and the way through to their ports.

Logs are what a test puts in; a way leads to a listener on loopback, so that a program which is
asked through the API server really runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from api_server import ApiServer
from api_writes import RefusedError, Write, not_found

LogName = tuple[str, str, str, bool]
"""Namespace, pod, container, and whether of the previous instance."""


@dataclass
class PodServer(ApiServer):
    """An API server whose pods have logs and ports."""

    logs: dict[LogName, bytes] = field(default_factory=dict)
    ways: dict[tuple[str, str], int] = field(default_factory=dict)
    """Namespace and `pod:port`, and the port on loopback to which that leads."""

    async def _one(
        self, request: web.Request, write: Write, headers: dict[str, str]
    ) -> web.StreamResponse:
        if write.kind.resource.kind == "Pod" and write.subresource == "log":
            return self._log(request, write, headers)
        if write.kind.resource.kind == "Pod" and write.subresource == "proxy":
            return await self._way(request, write)
        return await super()._one(request, write, headers)

    def _log(self, request: web.Request, write: Write, headers: dict[str, str]) -> web.Response:
        if write.key not in self.storage.objects:
            raise not_found(write)
        previous = request.query.get("previous") == "true"
        container = request.query.get("container", "")
        found = self.logs.get((write.namespace, write.name, container, previous))
        if found is None:
            earlier = "previous terminated " if previous else ""
            said = f'{earlier}container "{container}" in pod "{write.name}" not found'
            raise RefusedError(400, "BadRequest", said)
        lines = found.splitlines(keepends=True)
        tail = int(request.query.get("tailLines", len(lines)))
        text = b"".join(lines[len(lines) - min(tail, len(lines)) :])
        text = text[: int(request.query.get("limitBytes", len(text)))]
        return web.Response(body=text, headers={**headers, "Content-Type": "text/plain"})

    async def _way(self, request: web.Request, write: Write) -> web.StreamResponse:
        port = self.ways.get((write.namespace, write.name))
        if port is None:
            said = "error trying to reach service: dial tcp: connect: connection refused"
            raise RefusedError(503, "ServiceUnavailable", said)
        path = request.path.partition("/proxy/")[2]
        body = await request.read()
        # The real one passes all headers on but those that sign its own caller in.
        passed = {name: text for name, text in request.headers.items() if name.startswith("X-")}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, f"http://127.0.0.1:{port}/{path}", data=body, headers=passed
            ) as found,
        ):
            answer = web.StreamResponse(status=found.status)
            await answer.prepare(request)
            async for chunk in found.content.iter_any():
                await answer.write(chunk)
            await answer.write_eof()
            return answer
