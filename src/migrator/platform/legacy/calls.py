"""Acts by HTTP call: ask, and where the plan says so poll until it is done.

Called by `platform.py`. The token goes along as Idempotency-Key, so a server that honours it does
the act once. A call whose answer was lost is in doubt, never simply failed; secrets are in headers
only and shown to nobody.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from migrator.engine.ports import ActResult
from migrator.errors import MigratorError, PermanentError, TransientError
from migrator.plan.means import Call
from migrator.platform.legacy.exchange import (
    BrokenOffError,
    NotReachedError,
    Request,
    Response,
    exchange,
    parts,
)
from migrator.platform.legacy.facts import ActFacts, LostEnd
from migrator.platform.legacy.filling import filled, filled_address, filled_body
from migrator.platform.legacy.secret_values import Secrets, read_secrets
from migrator.platform.legacy.showing import last_lines, shown

EXCHANGE_SECONDS_MAX: Final = 120.0
"""One request and its answer; what takes longer is polled."""

LOST_POLLS_MAX: Final = 60
"""So many polls in a row may fail; then nobody knows how it ends."""

POLL_SECONDS_MIN: Final = 0.01
RETRY_AFTER_SECONDS_MAX: Final = 3600

_BUSY: Final = frozenset({429, 503})
_LOST_BEHIND: Final = frozenset({502, 504})
"""A gateway lost the answer: what stands behind it may have done the act."""

_UNTOLD: Final = "the answer does not say"


@dataclass(frozen=True, slots=True)
class Calls:
    """Performs and observes by call."""

    exchange_seconds_max: float = EXCHANGE_SECONDS_MAX
    keep_output: Callable[[ActFacts, str], None] | None = None

    async def perform(self, act: ActFacts, call: Call) -> ActResult:
        """Do the act. Cancelled (by a time-out), the connection is shut."""
        secrets = read_secrets(call.secrets)
        asked = _request(act, call, secrets)
        try:
            response = await exchange(asked, self.exchange_seconds_max)
        except NotReachedError as error:
            raise TransientError(
                "call-not-reached",
                f"{asked.url} cannot be reached: {error}; nothing was begun",
                hint="it is tried again with the same token",
            ) from error
        except BrokenOffError as error:
            raise LostEnd(f"the answer of {asked.url} was lost: {error}") from error
        told = self._told(act, response, secrets)
        if response.status not in call.expects:
            raise _unexpected(asked.url, response, told)
        if not call.poll_url:
            return _judged(call, response, told) or ActResult("done", told)
        return await self._poll(act, call, asked, secrets)

    async def observe(self, act: ActFacts, call: Call) -> ActResult:
        """Ask the world by the means' observing call: done, not done, unknown."""
        try:
            secrets = read_secrets(call.secrets)
            asked = _request(act, call, secrets)
            response = await exchange(asked, self.exchange_seconds_max)
        except MigratorError as error:
            return ActResult("unknown", f"{error.reference}: {error.message}")
        except (NotReachedError, BrokenOffError) as error:
            return ActResult("unknown", f"{asked.url}: {error}")
        told = self._told(act, response, secrets)
        if response.status in call.expects:
            found = _fields(response)
            if call.done_when and _holds(found, call.done_when):
                return ActResult("done", told)
            if call.failed_when and _holds(found, call.failed_when):
                return ActResult("not_done", told)
        return ActResult("unknown", told)

    async def _poll(self, act: ActFacts, call: Call, asked: Request, secrets: Secrets) -> ActResult:
        """Ask until it says that it is done; only the act's time-out ends a patient server."""
        url = urljoin(asked.url, filled_address(call.poll_url, act.placeholders("")))
        parts(url)
        question = Request("GET", url, _headers(act, call, secrets))
        lost = 0
        while lost < LOST_POLLS_MAX:
            await asyncio.sleep(max(call.poll_seconds, POLL_SECONDS_MIN))
            try:
                response = await exchange(question, self.exchange_seconds_max)
            except (NotReachedError, BrokenOffError):
                lost += 1
                continue
            told = self._told(act, response, secrets)
            if response.status in _BUSY or response.status >= 500:
                lost += 1
                await asyncio.sleep(min(_retry_after(response), 60))
                continue
            if not 200 <= response.status < 300:
                raise LostEnd(f"the call was accepted, but {url} answers {told}")
            lost = 0
            judged = _judged(call, response, told)
            if judged is not None:
                return judged
        raise LostEnd(f"the call was accepted, but {url} failed {lost} times in a row")

    def _told(self, act: ActFacts, response: Response, secrets: Secrets) -> str:
        """An answer in words; the whole of it goes to where outputs are kept."""
        text = shown(response.body, secrets)
        if response.cut:
            text += "\n... more than 64 KiB, the rest left out ..."
        if self.keep_output is not None:
            self.keep_output(act, f"status {response.status}\n{text}")
        return f"status {response.status}\n{last_lines(text)}".strip()


def _request(act: ActFacts, call: Call, secrets: Secrets) -> Request:
    values = act.placeholders("")
    url = filled_address(call.url, values)
    parts(url)
    body = filled_body(call.body, values).encode()
    return Request(call.method.upper(), url, _headers(act, call, secrets), body)


def _headers(act: ActFacts, call: Call, secrets: Secrets) -> Mapping[str, str]:
    """The declared headers; a body without a declared type is JSON if it looks like it."""
    values = act.placeholders("")
    headers = {name: filled(text, values) for name, text in call.headers.items()}
    names = {name.lower() for name in headers}
    if call.body and "content-type" not in names:
        json_like = call.body.lstrip()[:1] in {"{", "["}
        headers["Content-Type"] = "application/json" if json_like else "text/plain; charset=utf-8"
    if "accept" not in names:
        headers["Accept"] = "application/json"
    return {**headers, **secrets.values, "Idempotency-Key": act.token, "Connection": "close"}


def _judged(call: Call, response: Response, told: str) -> ActResult | None:
    """What the answer says by the plan's conditions; None when it says nothing yet."""
    if not call.done_when and not call.failed_when:
        return ActResult("done", told)
    found = _fields(response)
    if call.failed_when and _holds(found, call.failed_when):
        raise PermanentError(
            "call-failed", f"the server says that it failed: {told}", hint="read its answer"
        )
    if call.done_when and _holds(found, call.done_when):
        return ActResult("done", told)
    if call.poll_url:
        return None
    raise PermanentError(
        "call-failed",
        f"{_UNTOLD} {call.done_when!r}: {told}",
        hint="declare a poll_url, or mend it",
    )


def _unexpected(url: str, response: Response, told: str) -> MigratorError:
    """The error for an answer that the plan did not expect."""
    if response.status in _BUSY:
        seconds = _retry_after(response)
        return TransientError(
            "call-busy",
            f"{url} is busy: {told}",
            hint=f"it is tried again with the same token; the server asks for {seconds} s",
        )
    if response.status in _LOST_BEHIND:
        return LostEnd(f"a gateway before {url} lost the answer: {told}")
    to = response.headers.get("location", "")
    sent = ", which sends us on and is not followed" if to and 300 <= response.status < 400 else ""
    return PermanentError(
        "call-failed",
        f"{url} answered {told}{sent}",
        hint="read its answer; expected statuses stand in the plan",
    )


def _retry_after(response: Response) -> int:
    """The seconds for which the server asks; a date is answered with a minute."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdigit():
        return min(int(text), RETRY_AFTER_SECONDS_MAX)
    return 60 if text else 0


def _fields(response: Response) -> object:
    """The answer as JSON; None when it is none."""
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return None


def _holds(found: object, condition: str) -> bool:
    """Tell whether `field=value` holds; dots lead into objects, and what is missing holds not."""
    path, _, wanted = condition.partition("=")
    for word in path.strip().split("."):
        if not isinstance(found, dict) or word not in found:
            return False
        found = found[word]
    text = found if isinstance(found, str) else json.dumps(found)
    return text == wanted.strip()
