"""An API server inside the tests: a fake, and no more than the subset that migrator uses.

It speaks HTTP on loopback: discovery, reads, lists in pages, server-side apply with owners and
conflicts, strict fields, dry runs, deletes with preconditions, watches with bookmarks. It can be
made to refuse, to be slow, to forget (410), to lose an answer, to crash and to come back with its
state. It has no controllers, no scheduler and no quota of its own; `put_status` plays them. What it
does is held against a real server by tests/contracts/test_kubernetes_client.py.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from api_discovery import discovered
from api_faults import Fault, Logged
from api_reviews import recognised, reviewed
from api_schemas import KINDS, Kind
from api_storage import Storage
from api_wire import (
    answer,
    as_asked,
    body_of,
    bookmark,
    break_off,
    expired,
    place,
    selector,
    told,
)
from api_writes import RefusedError, Write, Writes, not_found
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import KubeObject, text_at

BOOKMARK_SECONDS: Final = 60.0
ANYBODY: Final = "kubernetes-admin"


@dataclass
class ApiServer:
    """One server. Use `running()`; tests look into `storage`, `log` and `faults`."""

    storage: Storage = field(default_factory=Storage)
    version: str = "1.35"
    tokens: dict[str, str] | None = None
    """Token to user name; None lets anybody in as the administrator."""
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    """Verb and resource (`patch`, `deployments.apps`) that nobody may."""
    faults: list[Fault] = field(default_factory=list)
    log: list[Logged] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=lambda: list(KINDS))
    warnings: list[str] = field(default_factory=list)
    """Sent with every answer to a write."""
    old_discovery: bool = False
    bookmark_seconds: float = BOOKMARK_SECONDS
    tls: ssl.SSLContext | None = None
    port: int = 0
    _runner: web.AppRunner | None = None
    _up: bool = False
    _tasks: set[asyncio.Task[object]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.writes = Writes(self.storage)

    # For tests

    @property
    def address(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def writes_seen(self) -> list[Logged]:
        return [line for line in self.log if line.is_write]

    async def start(self) -> None:
        """Listen on loopback; after a crash on the same port, with the state of before."""
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        # Whoever keeps a watch open is not waited for.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(
            self._runner, "127.0.0.1", self.port, ssl_context=self.tls, reuse_address=True
        )
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # a socket server
        self._up = True

    async def crash(self) -> None:
        """Break every connection in the middle and listen no more. What was stored stays."""
        self._up = False
        assert self._runner is not None
        server = self._runner.server
        for connection in list(server.connections) if server else []:
            if connection.transport is not None:
                connection.transport.abort()
        self.storage.wake()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._runner.cleanup()
        self._runner = None

    async def stop(self) -> None:
        if self._runner is not None:
            await self.crash()

    def kind(self, kind: str) -> Kind:
        return next(k for k in self.kinds if k.resource.kind == kind)

    def put_status(self, kind: str, namespace: str, name: str, status: KubeObject) -> KubeObject:
        """Write a status as a controller would."""
        known = self.kind(kind)
        body: KubeObject = {"status": status}
        write = Write(known, namespace, name, body, "kube-controller-manager", "status")
        return self.writes.merge(write)

    def edit(self, kind: str, namespace: str, name: str, change: KubeObject, by: str) -> KubeObject:
        """Change an object as somebody else."""
        return self.writes.merge(Write(self.kind(kind), namespace, name, change, by))

    def make(self, found: KubeObject, by: str = "somebody") -> KubeObject:
        """Make an object as somebody else."""
        namespace = text_at(found, "metadata", "namespace")
        name = text_at(found, "metadata", "name")
        return self.writes.create(
            Write(self.kind(text_at(found, "kind")), namespace, name, found, by)
        )

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object as somebody else."""
        self.writes.delete(Write(self.kind(kind), namespace, name, {}, "somebody"))

    # Requests

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            return await self._serve(request)
        finally:
            self._tasks.discard(task)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        audit_id = str(uuid.uuid4())
        line = f"{request.method} {request.path_qs}"
        fault = next((f for f in self.faults if f.match in line and f.times > 0), None)
        if fault is not None:
            fault.times -= 1
            if fault.latency_seconds:
                await asyncio.sleep(fault.latency_seconds)
            elif fault.status:
                made = RefusedError(fault.status, fault.reason, fault.message)
                return answer(made.code, made.status, {**fault.headers, "Audit-Id": audit_id})
            elif not fault.after:
                return break_off(request)
        try:
            user = self._user(request)
            self.log.append(
                Logged(
                    request.method,
                    request.path,
                    dict(request.query),
                    request.headers.get("User-Agent", ""),
                    user,
                    audit_id,
                )
            )
            done = await self._route(request, user, audit_id)
        except RefusedError as refused:
            return answer(refused.code, refused.status, {"Audit-Id": audit_id})
        if fault is not None and fault.after:
            return break_off(request)
        return done

    def _user(self, request: web.Request) -> str:
        if self.tokens is None:
            return ANYBODY
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        if not token:
            return "system:anonymous"
        if token not in self.tokens:
            raise RefusedError(401, "Unauthorized", "Unauthorized")
        return self.tokens[token]

    async def _route(self, request: web.Request, user: str, audit_id: str) -> web.StreamResponse:
        headers = {"Audit-Id": audit_id}
        if request.path == "/version":
            major, _, minor = self.version.partition(".")
            said: KubeObject = {"major": major, "minor": minor, "gitVersion": f"v{self.version}.4"}
            return answer(200, said, headers)
        if request.path in {"/readyz", "/livez", "/healthz"}:
            return web.Response(text="ok", headers=headers)
        if user == "system:anonymous":
            said_no = f'forbidden: User "{user}" cannot get path "{request.path}"'
            raise RefusedError(403, "Forbidden", said_no)
        found = discovered(request, self.kinds, old=self.old_discovery)
        if found is not None:
            content_type, body = found
            return answer(200, body, headers, content_type)
        if request.path.endswith("/selfsubjectreviews"):
            return answer(201, recognised(user), headers)
        if request.path.startswith("/apis/authorization.k8s.io/v1/selfsubject"):
            return answer(201, reviewed(await body_of(request), self.forbidden), headers)
        asked = self._asked(request)
        if asked is None:
            raise RefusedError(404, "NotFound", "the server could not find the requested resource")
        kind, namespace, name, subresource = asked
        self._allowed(request, kind, namespace, user)
        if request.method == "GET" and not name:
            if request.query.get("watch") in {"true", "1"}:
                return await self._watch(request, kind, namespace, headers)
            return answer(200, self._list(request, kind, namespace), headers)
        return await self._one(request, Write(kind, namespace, name, {}, "", subresource), headers)

    def _asked(self, request: web.Request) -> tuple[Kind, str, str, str] | None:
        """The kind, namespace, name and subresource that a path means."""
        parts = request.path.strip("/").split("/")
        if parts[0] == "api" and len(parts) > 2:
            group, version, rest = "", parts[1], parts[2:]
        elif parts[0] == "apis" and len(parts) > 3:
            group, version, rest = parts[1], parts[2], parts[3:]
        else:
            return None
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2 and rest[2] != "status":
            namespace, rest = rest[1], rest[2:]
        for kind in self.kinds:
            r = kind.resource
            if (r.group, r.version, r.plural) == (group, version, rest[0]):
                rest += ["", ""]
                return kind, namespace, rest[1], rest[2]
        return None

    def _allowed(self, request: web.Request, kind: Kind, namespace: str, user: str) -> None:
        verbs = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
        verb = verbs.get(request.method, "get")
        r = kind.resource
        if (verb, r.right) in self.forbidden:
            group = f' in API group "{r.group}"'
            place = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
            raise RefusedError(
                403,
                "Forbidden",
                f'{r.right} is forbidden: User "{user}" cannot {verb} resource '
                f'"{r.plural}"{group}{place}',
            )

    async def _one(
        self, request: web.Request, write: Write, headers: dict[str, str]
    ) -> web.StreamResponse:
        if request.method == "GET":
            live = self.storage.objects.get(write.key)
            if live is None:
                raise not_found(write)
            return answer(200, as_asked(request, live), headers)
        body = await body_of(request)
        agent = request.headers.get("User-Agent", "").partition("/")[0]
        content_type = request.headers.get("Content-Type", "").partition(";")[0]
        applies = content_type == "application/apply-patch+yaml"
        options = request.query
        write = Write(
            write.kind,
            write.namespace,
            write.name or text_at(body, "metadata", "name"),
            body,
            options.get("fieldManager", "") or ("" if applies else agent),
            write.subresource,
            dry_run=options.get("dryRun") == "All" or body.get("dryRun") == ["All"],
            strict=options.get("fieldValidation") == "Strict",
            force=options.get("force") == "true",
        )
        headers = dict(headers)
        code = 200
        if request.method == "POST":
            code, found = 201, self.writes.create(write)
        elif request.method == "PUT":
            found = self.writes.replace(write)
        elif request.method == "DELETE":
            found = self.writes.delete(write)
        elif applies:
            code, found = self.writes.apply(write)
        elif content_type == "application/merge-patch+json":
            found = self.writes.merge(write)
        else:
            raise RefusedError(415, "UnsupportedMediaType", f"{content_type} is not spoken here")
        done = answer(code, found, headers)
        for text in self.warnings:
            done.headers.add("Warning", f"299 - {json.dumps(text)}")
        return done

    # Lists and watches

    def _list(self, request: web.Request, kind: Kind, namespace: str) -> KubeObject:
        """One page. The token of the next one carries the version of the first."""
        r = kind.resource
        version, start = self.storage.version, ""
        if request.query.get("continue"):
            version, start = json.loads(base64.b64decode(request.query["continue"]))
            if version <= self.storage.forgotten:
                raise expired("The provided continue parameter is too old")
        fits = selector(request)
        found = [
            item
            for item in self.storage.find(r.group, r.plural, namespace)
            if fits(item) and place(item) > start
        ]
        limit = int(request.query.get("limit", "0")) or len(found)
        page, rest = found[:limit], found[limit:]
        metadata: KubeObject = {"resourceVersion": str(version)}
        if rest:
            token = json.dumps([version, place(page[-1])]).encode()
            metadata["continue"] = base64.b64encode(token).decode()
            metadata["remainingItemCount"] = len(rest)
        shown: list[Plain] = [
            {k: v for k, v in as_asked(request, item).items() if k not in {"kind", "apiVersion"}}
            for item in page
        ]
        return {
            "kind": f"{r.kind}List",
            "apiVersion": r.api_version,
            "metadata": metadata,
            "items": shown,
        }

    async def _watch(
        self, request: web.Request, kind: Kind, namespace: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={**headers, "Content-Type": "application/json"})
        with contextlib.suppress(ConnectionResetError):  # whoever watched has gone
            await response.prepare(request)
            async for event in self._events(request, kind, namespace):
                if not self._up:
                    break
                await response.write(json.dumps(event).encode() + b"\n")
        return response

    async def _events(
        self, request: web.Request, kind: Kind, namespace: str
    ) -> AsyncIterator[KubeObject]:
        r = kind.resource
        bookmarks = request.query.get("allowWatchBookmarks") == "true"
        fits = selector(request)
        asked = int(request.query.get("resourceVersion") or 0)
        now = asyncio.get_running_loop().time
        ends_at = now() + float(request.query.get("timeoutSeconds", "1800"))
        version = asked
        if asked == 0:
            version = self.storage.version
            for item in self.storage.find(r.group, r.plural, namespace):
                if fits(item):
                    yield {"type": "ADDED", "object": item}
        elif asked < self.storage.forgotten:
            yield {"type": "ERROR", "object": expired(f"too old resource version: {asked}").status}
            return
        while self._up:
            changed = self.storage.changed
            for event in self.storage.after(version):
                version = event.version
                seen = told(event, (r.group, r.plural), namespace, fits)
                if seen is not None:
                    yield seen
            left = ends_at - now()
            if bookmarks and left <= 0:
                yield bookmark(kind, max(version, self.storage.version))
            if left <= 0:
                return
            try:
                async with asyncio.timeout(min(left, self.bookmark_seconds)):
                    await changed.wait()
            except TimeoutError:
                if bookmarks and now() < ends_at:
                    yield bookmark(kind, max(version, self.storage.version))


@asynccontextmanager
async def running(server: ApiServer | None = None) -> AsyncIterator[ApiServer]:
    """A server that listens, and is gone afterwards."""
    server = server or ApiServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
