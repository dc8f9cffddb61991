"""The way to one API server over the official client's asyncio transport: the one door to it.

Made by `connecting.py` and used through the `Transport` of `wire.py`. The library costs most of
a second to import, so it is imported when a connection is made. It reads no netrc and no proxy from
the environment (the look-ups cost two thirds of the speed): a proxy is named in the kubeconfig.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

from migrator.errors import EnvironmentFailed, InputError
from migrator.platform.kubernetes.credentials import Credentials
from migrator.platform.kubernetes.kubeconfig import Chosen
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.wire import Answer, Asked, NoAnswerError, Stream, Trouble

if TYPE_CHECKING:
    import aiohttp
    from kubernetes.aio.client import ApiClient

CONNECT_SECONDS_MAX: Final = 5.0
"""A server that takes longer to take a connection is treated as one that cannot be reached."""
IN_FLIGHT_MAX: Final = 32
"""Twice what the conductor has in flight. Watches hold a connection each and are not counted."""

GOODBYE_SECONDS: Final = 0.1
"""Connections that are cut are gone some turns of the loop later; this is many, also when busy."""


class OfficialTransport:
    """Speaks to one server. Use it on one event loop only."""

    def __init__(
        self,
        chosen: Chosen,
        *,
        agent: str,
        wall: Callable[[], datetime],
        credentials: Credentials | None = None,
    ) -> None:
        """Nothing is connected yet. `wall` tells when tokens end."""
        self._chosen = chosen
        self._agent = agent
        self._credentials = credentials or Credentials(chosen.user, wall=wall)
        self._api: ApiClient | None = None
        self._user: KubeObject | None = None
        self._authorization = ""
        self._opening = asyncio.Lock()
        self._in_flight = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._retired: list[ApiClient] = []

    @property
    def server(self) -> str:
        """The server's address."""
        return self._chosen.server

    async def exchange(self, asked: Asked, seconds: float) -> Answer:
        """Ask and read the whole answer. Raises NoAnswerError."""
        api = await self._open()
        import aiohttp

        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS_MAX)
        try:
            async with self._in_flight:
                response = await api.rest_client.request(
                    asked.method,
                    f"{self._chosen.server}{asked.url}",
                    headers=self._headers(asked),
                    body=asked.body if asked.raw is None else asked.raw,
                    _request_timeout=limits,
                )
                body = await response.read()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _no_answer(error) from error
        headers = _lower(response.headers)
        # Nearly no answer warns, and a thousand applies look for it.
        warnings = _warnings(response.headers) if "warning" in headers else ()
        return Answer(response.status, headers, body, warnings)

    @asynccontextmanager
    async def stream(self, asked: Asked, silence_seconds_max: float) -> AsyncIterator[Stream]:
        """Ask and read line by line; the connection is shut when the block is left."""
        api = await self._open()
        import aiohttp

        # The library's own limit of five minutes in all would end every watch.
        limits = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS_MAX, sock_read=silence_seconds_max
        )
        try:
            answer = await api.rest_client.request(
                asked.method,
                f"{self._chosen.server}{asked.url}",
                headers=self._headers(asked),
                body=asked.body if asked.raw is None else asked.raw,
                _request_timeout=limits,
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _no_answer(error) from error
        response = answer.response
        try:
            yield Stream(answer.status, _lower(answer.headers), _lines(response))
        finally:
            # Not released into the pool: whoever leaves early leaves an answer half read. Cut, and
            # not closed: over a slow way the farewell of TLS would outlive the loop.
            if response.connection is not None and response.connection.transport is not None:
                response.connection.transport.abort()
            response.close()

    async def renew(self) -> bool:
        """Sign in anew; tells whether there is anything new to try with."""
        if not self._credentials.rotates:
            return False
        async with self._opening:
            before = self._user
            await self._sign_in(anew=True)
            return self._user != before

    async def close(self) -> None:
        """Shut all connections."""
        for api in (*self._retired, *([self._api] if self._api else [])):
            await api.close()
        self._retired.clear()
        self._api = None
        if self._chosen.server.startswith("https:"):
            # Nobody tells when the last connection over TLS is gone.
            await asyncio.sleep(GOODBYE_SECONDS)

    async def _open(self) -> ApiClient:
        if self._api is None or self._credentials.is_stale():
            async with self._opening:
                if self._api is None or self._credentials.is_stale():
                    await self._sign_in(anew=False)
        assert self._api is not None
        return self._api

    async def _sign_in(self, *, anew: bool) -> None:
        user = await self._credentials.user(anew=anew)
        if self._api is not None and user == self._user:
            return
        api, authorization = await _client(self._chosen, user)
        if self._api is not None:
            # Requests in flight still use it; it is shut with the rest.
            self._retired.append(self._api)
        self._api, self._authorization, self._user = api, authorization, user

    def _headers(self, asked: Asked) -> dict[str, str]:
        headers = {
            **dict(asked.headers),
            "Accept": asked.accept,
            "Content-Type": asked.content_type,
            "User-Agent": asked.agent or self._agent,
        }
        if self._authorization:
            headers["Authorization"] = self._authorization
        return headers


def load_library() -> None:
    """Import the library now: it takes most of a second, in which an event loop would stand still.

    Raises InputError where it is not installed.
    """
    try:
        import kubernetes.aio  # noqa: F401 - to be imported is all that it is here for
    except ImportError as error:
        raise InputError(
            "kubernetes-extra",
            f"the library for Kubernetes is not installed here: {error}",
            hint="install migrator with its extra: migrator[kubernetes]",
        ) from error


async def _client(chosen: Chosen, user: KubeObject) -> tuple[ApiClient, str]:
    """The library's client for one user, and the header that signs its requests."""
    load_library()
    from kubernetes.aio import client, config
    from kubernetes.aio.config import kube_config

    settings = client.Configuration()
    alone = Chosen(chosen.context, chosen.server, chosen.namespace, chosen.cluster, user)
    try:
        await config.load_kube_config_from_dict(alone.as_config(), client_configuration=settings)
        settings.client_session_kwargs = {"trust_env": False}
        settings.connection_pool_maxsize = 0  # no limit: else watches would starve writes
        api = client.ApiClient(settings)
        # aiohttp sends a PUT or DELETE twice when a kept connection breaks under it. Whether a
        # write is repeated is decided in `asking.py` and nowhere else.
        session = api.rest_client._create_pool_manager()  # noqa: SLF001 - no public way
        session._retry_connection = False  # noqa: SLF001 - the same; a contract test watches it
        api.rest_client.pool_manager = session
    except (config.ConfigException, ssl.SSLError, OSError, ValueError) as error:
        raise EnvironmentFailed(
            "cluster-sign-in",
            f"context {chosen.context}: its certificates or its sign-in cannot be used: {error}",
            hint="check the certificate, key and authority that the kubeconfig carries or names",
        ) from error
    finally:
        # The library writes keys that stand in the kubeconfig into files of the temporary folder,
        # for the TLS library to read. It has read them now; a killed process would leave them.
        kube_config._cleanup_temp_files()  # noqa: SLF001 - no public way, hence the exact version
    return api, settings.api_key.get("BearerToken", "")


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    import aiohttp

    try:
        async for line in response.content:
            yield line
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise _no_answer(error) from error


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _warnings(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The texts of `299 - "..."`, each once and in order."""
    said = (value for name, value in headers.items() if name.lower() == "warning")
    texts = (value.partition('"')[2].rstrip().removesuffix('"') or value for value in said)
    return tuple(dict.fromkeys(text.replace('\\"', '"').replace("\\\\", "\\") for text in texts))


def _no_answer(error: Exception) -> NoAnswerError:
    import aiohttp

    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError) or isinstance(
        error.__cause__, ssl.SSLError
    ):
        return NoAnswerError(Trouble.CERTIFICATE, said)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NoAnswerError(Trouble.NOT_REACHED, said)
    return NoAnswerError(Trouble.BROKEN_OFF, said)
