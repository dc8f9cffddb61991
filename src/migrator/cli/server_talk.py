"""Talks to a run's API: one question, one answer, tried again while the server is away.

Used by `server_sight.py`. A question that changes something carries an id of its own, so to try it
again can never do it twice. The token goes to the named server only: no other address is followed,
and in the clear only on this machine.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from migrator.errors import EnvironmentFailed, InputError, RefusedError, TransientError

PLACE: Final = "/api/v1"
ANSWER_SECONDS_MAX: Final = 30.0
TRY_SECONDS: Final = 12.0
"""So long a server may be away: pages that are begun anew are back in some seconds."""
AWAY: Final = frozenset({429, 502, 503, 504})
ANSWER_BYTES_MAX: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Server:
    """A server, by its address and with a token."""

    url: str
    token: str
    try_seconds: float = TRY_SECONDS

    def get(self, path: str, **query: object) -> object:
        """Look at something. Raises InputError, RefusedError or EnvironmentFailed."""
        asked = f"?{urlencode(query)}" if query else ""
        return self._asked("GET", path + asked, None)

    def post(self, path: str, body: Mapping[str, object]) -> object:
        """Want something done; `body` carries an id of its own."""
        return self._asked("POST", path, json.dumps(body).encode())

    def _asked(self, method: str, path: str, body: bytes | None) -> object:
        refuse_clear_text(self.url)
        retrying = Retrying(
            stop=stop_after_delay(self.try_seconds),
            wait=wait_exponential_jitter(multiplier=0.2, max=2.0, jitter=0.2),
            retry=retry_if_exception_type(TransientError),
            reraise=True,
        )
        return retrying(self._once, method, path, body)

    def _once(self, method: str, path: str, body: bytes | None) -> object:
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            f"{self.url.rstrip('/')}{PLACE}{path}",
            data=body,
            method=method,
            headers={
                "authorization": f"Bearer {self.token}",
                "accept-language": "en",  # as everything else that commands say
                **({"content-type": "application/json"} if body is not None else {}),
            },
        )
        try:
            with _opener(self.url).open(request, timeout=ANSWER_SECONDS_MAX) as answer:
                return json.loads(answer.read(ANSWER_BYTES_MAX))
        except HTTPError as error:
            with error:
                raise self._refused(error.code, _problem(error.read(1 << 20))) from error
        except URLError as error:
            raise self._unreached(error.reason) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._unreached(error) from error
        except ValueError as error:
            raise self._strange("what it answers is no JSON") from error

    def _refused(self, status: int, problem: Mapping[str, object]) -> Exception:
        reference = str(problem.get("type", "")).removeprefix("urn:migrator:")
        said = " ".join(str(problem[part]) for part in ("title", "detail") if part in problem)
        if status in AWAY:
            return self._away(said or f"it answers {status}")
        if status == 401:
            return InputError(
                "server-token",
                f"{self.url} does not take the token: {said}",
                hint="`migrator token RUN PERSON`, on the store's machine, makes a new one",
            )
        if not reference:
            return self._strange(f"it answers {status}")
        if reference == "doubled":
            return RefusedError(
                "command-doubled",
                "the command's id was used before, for something else",
                hint="give the command again without an id of your own; a new one is made for it",
            )
        faults = problem.get("faults")
        places = [str(each) for each in faults] if isinstance(faults, list) else []
        return RefusedError(
            "server-refused",
            " ".join([f"{self.url}: {said}", *places]),
            hint="ask somebody who may, or look at docs/api.md for what is asked",
        )

    def _unreached(self, why: object) -> Exception:
        if isinstance(why, ssl.SSLCertVerificationError):
            return EnvironmentFailed(
                "server-certificate",
                f"the certificate of {self.url} cannot be trusted: {why.verify_message}",
                hint="name its authority in SSL_CERT_FILE, or the server as its certificate does",
            )
        return self._away(str(why) or type(why).__name__)

    def _away(self, why: str) -> TransientError:
        return TransientError(
            "server-away",
            f"{self.url} cannot be reached: {why}",
            hint="look whether `migrator serve` runs there; the run itself goes on without it",
        )

    def _strange(self, why: str) -> EnvironmentFailed:
        return EnvironmentFailed(
            "server-strange",
            f"{self.url} does not answer like the pages of a run: {why}",
            hint="give the address at which the pages are served, without a path",
        )


class _NoOtherAddress(urllib.request.HTTPRedirectHandler):
    """An answer that names another address is no answer: the token would go there, too."""

    def redirect_request(self, *_arguments: object, **_named: object) -> None:
        """Follow nothing."""
        return


def _opener(url: str) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [
        _NoOtherAddress(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
    ]
    if _local(url):
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def refuse_clear_text(url: str) -> None:
    """Raise InputError for what is no address, and for a token that a network could read along."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole or parts.username or parts.query or parts.fragment:
        raise InputError(
            "server-address",
            f"{url!r} is not the address of a server",
            hint="write it like https://weekend.example:8443",
        )
    if parts.scheme == "http" and not _local(url):
        raise InputError(
            "server-in-the-clear",
            f"{url} is not https: anybody on the way would read the token",
            hint="serve the pages with --certificate and --key, or through a proxy with TLS",
        )


def _local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _problem(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
