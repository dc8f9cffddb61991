"""A wire that is cut while a commit is on it: a small proxy between the program and its server.

It passes bytes on between a socket of its own and the server's. Every so many commits it cuts the
connection: before the server has heard the commit, or after the server has made it and before
anybody has heard the answer. The program sees the same in both cases.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import tempfile
import threading
from pathlib import Path
from typing import Final, Self

NAME: Final = ".s.PGSQL.5432"
COMMIT: Final = b"COMMIT"
ANSWER_SECONDS_MAX: Final = 5.0


class CuttingProxy:
    """Listens in `folder`, beside the server whose socket lies in another one. Use it in a `with`.

    `heard` and `unheard` count the commits that the server made, or did not, before the cut.
    """

    def __init__(self, server: Path, every: int) -> None:
        """Cut at every nth commit, once before and once after it."""
        self.folder = Path(tempfile.mkdtemp(prefix="wire-", dir="/tmp"))
        self.made = 0
        self.unmade = 0
        self._server = str(server / NAME)
        self._every = every
        self._commits = 0
        self._selector = selectors.DefaultSelector()
        self._peer: dict[socket.socket, socket.socket] = {}
        self._to_server: set[socket.socket] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._pass_on, name="wire", daemon=True)

    def __enter__(self) -> Self:
        """Listen."""
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._door.bind(str(self.folder / NAME))
        self._door.listen(16)
        self._selector.register(self._door, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Cut everything for good."""
        self._over.set()
        self._thread.join()
        for each in list(self._peer):
            each.close()
        self._door.close()
        self._selector.close()
        (self.folder / NAME).unlink()
        self.folder.rmdir()

    def _pass_on(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.02):
                if key.fileobj is self._door:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._peer:
                    self._move(key.fileobj)

    def _accept(self) -> None:
        client, _ = self._door.accept()
        upstream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        upstream.settimeout(ANSWER_SECONDS_MAX)
        try:
            upstream.connect(self._server)
        except OSError:
            client.close()
            upstream.close()
            return
        self._peer[client], self._peer[upstream] = upstream, client
        self._to_server.add(client)
        for each in (client, upstream):
            self._selector.register(each, selectors.EVENT_READ)

    def _move(self, source: socket.socket) -> None:
        target = self._peer[source]
        try:
            data = source.recv(1 << 20)
            cut = bool(data) and source in self._to_server and COMMIT in data and self._due()
            if data and not (cut and self._before()):
                target.sendall(data)
            if cut and not self._before():
                target.recv(1 << 20)  # the commit has been made; nobody hears of it
                self.made += 1
            elif cut:
                self.unmade += 1
        except OSError:
            data, cut = b"", False
        if not data or cut:
            for each in (source, target):
                self._selector.unregister(each)
                del self._peer[each]
                self._to_server.discard(each)
                with contextlib.suppress(OSError):
                    each.close()

    def _due(self) -> bool:
        self._commits += 1
        return self._commits % self._every == 0

    def _before(self) -> bool:
        return self._commits // self._every % 2 == 1
