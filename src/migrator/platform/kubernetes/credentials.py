"""Signing in: a token from a file or a plug-in, renewed before it ends.

Used by `transport.py`, which hands the result to the official client. We call plug-ins ourselves,
because the library never renews what they gave, only logs when they fail, and may wait for ever for
one that talks much. No token or key is ever part of a message.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from migrator.errors import EnvironmentFailed
from migrator.platform.kubernetes.kubeconfig import plug_in_of
from migrator.platform.kubernetes.objects import KubeObject, objects_at, text_at

PLUG_IN_SECONDS_MAX: Final = 30.0
"""A plug-in that asks its own server needs seconds; one that asks a person gets no terminal."""
FILE_SECONDS_MAX: Final = 60.0
"""Rotating tokens are written anew minutes before they end; the official clients look as often."""
EARLY: Final = timedelta(minutes=2)
"""So long before its end a plug-in's token is renewed: longer than any request of ours."""
WORDS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plug-in gave: a token, or a certificate with its key. No `ends_at`: it says no end."""

    token: str = ""
    certificate: str = ""
    key: str = ""
    ends_at: datetime | None = None


class Credentials:
    """The user of one context, kept fresh. `wall` tells the time in which tokens' ends are told."""

    def __init__(
        self,
        user: KubeObject,
        *,
        wall: Callable[[], datetime],
        plug_in_seconds_max: float = PLUG_IN_SECONDS_MAX,
    ) -> None:
        """Nothing is read or started yet."""
        self._user = user
        self._plug_in = plug_in_of(user)
        self._wall = wall
        self._seconds_max = plug_in_seconds_max
        self._given: Credential | None = None
        self._read_at: float | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def rotates(self) -> bool:
        """Whether there is anything that could become newer."""
        return self._plug_in is not None or bool(text_at(self._user, "tokenFile"))

    def is_stale(self) -> bool:
        """Tell whether it is time to look again."""
        if self._plug_in is not None:
            return self._given is None or (
                self._given.ends_at is not None and self._wall() >= self._given.ends_at - EARLY
            )
        if not self.rotates:
            return False
        now = asyncio.get_running_loop().time()
        return self._read_at is None or now - self._read_at >= FILE_SECONDS_MAX

    async def user(self, *, anew: bool = False) -> KubeObject:
        """The user as the official client reads it, with what the plug-in or the file says now."""
        async with self._one_at_a_time:
            if self._plug_in is not None:
                if anew or self.is_stale():
                    self._given = await run_plug_in(self._plug_in, self._seconds_max)
                assert self._given is not None
                return _static(self._user, self._given)
            self._read_at = asyncio.get_running_loop().time()
            return _from_file(self._user)


def _static(user: KubeObject, given: Credential) -> KubeObject:
    kept = {key: value for key, value in user.items() if key != "exec"}
    if given.token:
        kept["token"] = given.token
    if given.certificate:
        kept["client-certificate-data"] = base64.b64encode(given.certificate.encode()).decode()
        kept["client-key-data"] = base64.b64encode(given.key.encode()).decode()
    return kept


def _from_file(user: KubeObject) -> KubeObject:
    """A token in a file ends with a line break more often than not; no header may have one."""
    file = text_at(user, "tokenFile")
    if not file:
        return user
    try:
        token = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise _failed(f"the token file {file} cannot be read: {error}") from error
    if not token:
        raise _failed(f"the token file {file} is empty")
    return {**{k: v for k, v in user.items() if k != "tokenFile"}, "token": token}


async def run_plug_in(plug_in: KubeObject, seconds_max: float) -> Credential:
    """Ask a plug-in (client-go's exec credentials) once. Raises EnvironmentFailed."""
    command = text_at(plug_in, "command")
    version = text_at(plug_in, "apiVersion")
    arguments = plug_in.get("args")
    words = [str(word) for word in arguments] if isinstance(arguments, list) else []
    asked = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
    environment = {
        **os.environ,
        **{text_at(pair, "name"): text_at(pair, "value") for pair in objects_at(plug_in, "env")},
        "KUBERNETES_EXEC_INFO": json.dumps(asked),
    }
    try:
        process = await asyncio.create_subprocess_exec(
            command,
            *words,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        hint = text_at(plug_in, "installHint")
        raise _failed(
            f"the sign-in plug-in {command} cannot be started: {error}; {hint}"
        ) from error
    try:
        async with asyncio.timeout(seconds_max):
            out, err = await process.communicate()
    except TimeoutError as error:
        raise _failed(f"the sign-in plug-in {command} gave nothing in {seconds_max:g} s") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        said = err.decode("utf-8", "replace").strip()[-WORDS_MAX:]
        raise _failed(f"the sign-in plug-in {command} ended with {process.returncode}: {said}")
    return _given(out, command, version)


def _given(out: bytes, command: str, version: str) -> Credential:
    try:
        answer = json.loads(out)
    except ValueError as error:
        raise _failed(f"the sign-in plug-in {command} gave no JSON") from error
    if text_at(answer, "apiVersion") != version:
        said = text_at(answer, "apiVersion") or "none"
        raise _failed(f"the plug-in {command} speaks {said}, the kubeconfig asks for {version}")
    ends = text_at(answer, "status", "expirationTimestamp")
    try:
        ends_at = datetime.fromisoformat(ends) if ends else None
    except ValueError as error:
        raise _failed(f"the plug-in {command} gave an end that is no time: {ends}") from error
    given = Credential(
        text_at(answer, "status", "token"),
        text_at(answer, "status", "clientCertificateData"),
        text_at(answer, "status", "clientKeyData"),
        ends_at,
    )
    if not given.token and not (given.certificate and given.key):
        raise _failed(f"the plug-in {command} gave neither a token nor a certificate with its key")
    return given


def _failed(message: str) -> EnvironmentFailed:
    return EnvironmentFailed(
        "cluster-sign-in",
        message,
        hint="run the plug-in by hand as the user that leads the run, or mend the token's file",
    )
