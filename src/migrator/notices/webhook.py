"""Webhooks: one POST of JSON for each message, signed, over https or on this machine only.

Called by `caller.py` in threads of its own. The signature covers the body and a time, so that the
other side can tell that it comes from here and is not an old one sent again. Redirects are not
followed: a message goes where the file says, or nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from migrator.errors import PermanentError, TransientError
from migrator.notices.letter import TEXT_MAX, Letter, one_line
from migrator.notices.policy import Webhook

SECONDS_MAX: Final = 15.0
ANSWER_BYTES_MAX: Final = 2000
SIGNATURE: Final = "X-Migrator-Signature"
_AGAIN: Final = frozenset({408, 425, 429})
"""Of the answers that blame the caller, these say: not now."""


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """One address. `wall_seconds` tells the time that is signed."""

    webhook: Webhook
    secret: str
    wall_seconds: Callable[[], float]
    seconds_max: float = SECONDS_MAX

    def send(self, letter: Letter) -> str:
        """Post a letter."""
        body = json.dumps(
            {
                "id": letter.id,
                "person": letter.person,
                "language": letter.language,
                "subject": one_line(letter.subject),
                "text": letter.text[:TEXT_MAX],
                **letter.facts,
            },
            ensure_ascii=False,
        ).encode()
        parts = urlsplit(self.webhook.url)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": letter.id,
            SIGNATURE: signed(body, self.secret, int(self.wall_seconds())),
            "User-Agent": "migrator",
        }
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = self._connection()
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            said = answer.read(ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(
                "notice-not-sent",
                f"{parts.hostname} cannot be reached: {one_line(str(error))[:200]}",
                hint="`migrator call FILE --test` tries the channels out",
            ) from error
        finally:
            connection.close()
        return _judged(answer.status, said, str(parts.hostname))

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.webhook.url)
        assert parts.hostname, "the door has checked it"
        if parts.scheme == "http":  # on this machine only: the door has checked that, too
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=self.seconds_max)
        file = self.webhook.ca_file
        return http.client.HTTPSConnection(
            parts.hostname,
            parts.port,
            timeout=self.seconds_max,
            context=ssl.create_default_context(cafile=None if file is None else str(file)),
        )


def signed(body: bytes, secret: str, at: int) -> str:
    """The signature of a body at a time: `t=SECONDS,v1=HMAC-SHA256 of "SECONDS.BODY"`."""
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={made.hexdigest()}"


def _judged(status: int, said: bytes, host: str) -> str:
    if 200 <= status < 300:
        return f"it answered {status}"
    words = f"{host} answered {status}: {one_line(said.decode('utf-8', 'replace'))[:120]}"
    hint = "`migrator call FILE --test` tries the channels out"
    if status >= 500 or status in _AGAIN:
        raise TransientError("notice-not-sent", words, hint=hint)
    raise PermanentError("notice-refused", words, hint=hint)
