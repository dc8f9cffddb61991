"""Opening the way to a cluster: context, sign-in, and the two questions that come before any other.

Called by wiring for a live run, by `check` and by `dry-run`. It refuses a server whose version is
not supported and one that takes us for nobody, before anything else is asked or written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import migrator
from migrator.platform.kubernetes.asking import Asker, Patience
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.kubeconfig import Chosen, choose
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.server import version, whoami
from migrator.platform.kubernetes.transport import OfficialTransport


def user_agent(run: str = "", wave: str = "") -> str:
    """How the server's audit log tells whose request it was: `migrator/1.0 run/R wave/W`."""
    words = [f"migrator/{migrator.__version__}"]
    words += [f"run/{_header(run)}"] if run else []
    words += [f"wave/{_header(wave)}"] if wave else []
    return " ".join(words)


def _header(word: str) -> str:
    """A header takes no line break and nothing beyond ASCII; names of runs may have both."""
    return "".join(c if c.isascii() and c.isprintable() and c != " " else "-" for c in word)


def client_of(
    chosen: Chosen,
    *,
    wall: Callable[[], datetime],
    agent: str = "",
    bucket: Bucket | None = None,
    patience: Patience | None = None,
) -> Client:
    """A client that has asked nothing yet; to be closed by whoever made it."""
    transport = OfficialTransport(chosen, agent=agent or user_agent(), wall=wall)
    return Client(Asker(transport, bucket=bucket, patience=patience))


@asynccontextmanager
async def connected(
    context: str = "",
    *,
    wall: Callable[[], datetime],
    kubeconfig: Path | None = None,
    agent: str = "",
    bucket: Bucket | None = None,
    patience: Patience | None = None,
) -> AsyncIterator[Client]:
    """A client whose server is supported and knows us. Raises InputError, EnvironmentFailed."""
    chosen = choose(context, file=kubeconfig)
    client = client_of(chosen, wall=wall, agent=agent, bucket=bucket, patience=patience)
    try:
        await version(client.asker)
        await whoami(client.asker)
        yield client
    finally:
        await client.close()
