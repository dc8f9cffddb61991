"""The server that carries the pages: uvicorn, with one change so that it ends when it is told to.

Called by `migrator serve`. Without TLS it listens on this machine only, unless somebody insists: a
session's cookie on a network that anybody can read is everybody's session.
"""

from __future__ import annotations

import ipaddress
import resource
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn

from migrator.errors import EnvironmentFailed, InputError
from migrator.web.app import Served, create_app
from migrator.web.arriving import Arriving
from migrator.web.hub import Hub
from migrator.web.provider import Settings
from migrator.web.seen import SeenRun

LEAVE_SECONDS_MAX: Final = 5
"""Answers under way get so long once the server is told to end."""
CONNECTIONS_MAX: Final = 4096
FILES_BESIDE: Final = 512
"""The store's, and what the program itself holds open."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen. `certificate` and `key` are files in PEM; both or neither."""

    host: str = "127.0.0.1"
    port: int = 8080
    certificate: Path | None = None
    key: Path | None = None
    in_the_clear: bool = False  # somebody insists on http beyond this machine
    proxied: bool = False  # a proxy in front says whose question each is
    public: bool = False  # strangers see how it stands
    provider: Settings | None = None  # None: people come in by invitation only

    @property
    def tls(self) -> bool:
        """Tell whether it is https."""
        return self.certificate is not None

    @property
    def local(self) -> bool:
        """Tell whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def address(self) -> str:
        """How a browser is told of it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


class Server(uvicorn.Server):
    """uvicorn waits for open streams before it ends, and pages never close theirs: we do."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        """Serve `config`; the streams are those of `hub`."""
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Somebody wants it to end: first the streams."""
        self._hub.close()
        super().handle_exit(sig, frame)


def refuse_clear_text(place: Place) -> None:
    """Raise InputError for pages that a network could read along."""
    if (place.certificate is None) != (place.key is None):
        raise InputError(
            "half-a-certificate",
            "a certificate needs its key, and a key its certificate",
            hint="give both: --certificate FILE --key FILE",
        )
    if not (place.tls or place.local or place.in_the_clear):
        raise InputError(
            "pages-in-the-clear",
            f"{place.host} can be reached from other machines, and without TLS anybody on the way "
            "reads the sessions",
            hint="give --certificate and --key; or listen on 127.0.0.1 behind a proxy with TLS "
            "(--behind-proxy); --in-the-clear insists",
        )


def serve(seen: SeenRun, place: Place, ready: Callable[[str], None]) -> None:
    """Serve the pages of a run until interrupted. `ready` hears the address once it listens.

    Raises InputError for what must not be served, EnvironmentFailed where nobody can listen.
    """
    refuse_clear_text(place)
    served = Served(
        tls=place.tls,
        local=place.local,
        proxied=place.proxied,
        public=place.public,
        provider=place.provider,
    )
    app = create_app(seen, served)
    config = uvicorn.Config(
        app,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.key,
        http=Arriving,
        loop="asyncio",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=LEAVE_SECONDS_MAX,
        limit_concurrency=CONNECTIONS_MAX,
    )
    make_room()
    listener = _listening(place)
    with listener:
        ready(Place(place.host, listener.getsockname()[1], place.certificate, place.key).address)
        Server(config, app.state.hub).run(sockets=[listener])


def make_room() -> None:
    """Allow this process as many open files as it takes connections, as far as it may.

    Most systems begin with 1024, and a thousand handlers with a stream each are more.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + FILES_BESIDE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listening(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((place.host, place.port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        raise EnvironmentFailed(
            "cannot-listen",
            f"nobody can listen on {place.host} port {place.port}: {error}",
            hint="another process has the port: choose one with --port, 0 takes any free one",
        ) from error
    return listener
