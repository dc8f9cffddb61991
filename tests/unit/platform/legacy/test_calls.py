"""Acts by call against a real server on loopback: the token, the answers, what is never sent."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from migrator.errors import PermanentError, TransientError
from migrator.plan.means import Call
from migrator.platform.legacy.calls import Calls
from migrator.platform.legacy.facts import ActFacts, LostEnd

PASSWORD = "correct-horse-battery"


@dataclass(slots=True)
class Server:
    """A server that answers by script, and remembers what it was asked."""

    url: str = ""
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    hang: threading.Event = field(default_factory=threading.Event)

    def says(self, status: int, body: object = None, **headers: str) -> None:
        """Queue an answer; the last one is given again and again."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append((status, {k.replace("_", "-"): v for k, v in headers.items()}, data))


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on a free port of loopback."""
    script = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): text for name, text in self.headers.items()}
            script.asked.append((self.command, self.path, headers, body))
            if self.path == "/hang":
                script.hang.wait(10)
                return
            status, headers, data = (
                script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            )
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - the names are the standard library's

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as real:
        real.daemon_threads = True
        thread = threading.Thread(target=real.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        script.url = f"http://127.0.0.1:{real.server_port}"
        yield script
        script.hang.set()
        real.shutdown()
        thread.join()


async def test_a_call_carries_its_token_its_body_and_its_secret(
    server: Server, act: ActFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", PASSWORD)
    server.says(201, {"echo": PASSWORD, "id": 4})
    kept: list[str] = []
    call = Call(
        "post",
        server.url + "/moves/{subsystem}?wave={wave}",
        headers={"X-Side": "{side}"},
        secrets={"Authorization": "env:API_KEY"},
        body='{"attempt": {attempt}, "token": "{token}"}',
    )
    result = await Calls(keep_output=lambda _act, text: kept.append(text)).perform(act, call)
    ((method, path, headers, body),) = server.asked
    assert (method, path) == ("POST", "/moves/web?wave=w1")
    assert json.loads(body) == {"attempt": 1, "token": "tok-1"}
    assert headers["idempotency-key"] == "tok-1"
    assert headers["x-side"] == "new"
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == PASSWORD
    assert result.outcome == "done"
    assert '"id": 4' in result.detail
    assert PASSWORD not in result.detail + "".join(kept)


@pytest.mark.parametrize(
    ("status", "headers", "kind", "reference"),
    [
        (500, {}, PermanentError, "call-failed"),
        (404, {}, PermanentError, "call-failed"),
        (429, {"Retry_After": "17"}, TransientError, "call-busy"),
        (503, {"Retry_After": "17"}, TransientError, "call-busy"),
        (504, {}, LostEnd, "act-in-doubt"),
    ],
)
async def test_an_unexpected_answer_is_an_error_by_who_acts_next(
    server: Server,
    act: ActFacts,
    status: int,
    headers: dict[str, str],
    kind: type[PermanentError | TransientError],
    reference: str,
) -> None:
    server.says(status, {"why": "no room"}, **headers)
    with pytest.raises(kind, match="no room") as caught:
        await Calls().perform(act, Call("POST", server.url))
    assert caught.value.reference == reference
    assert ("17 s" in caught.value.hint) == bool(headers)


async def test_nobody_at_home_is_tried_again_and_a_lost_answer_is_in_doubt(
    server: Server, act: ActFacts
) -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(TransientError, match="nothing was begun"):
            await Calls().perform(act, Call("POST", f"http://127.0.0.1:{unused.getsockname()[1]}"))
    with pytest.raises(LostEnd, match=r"no answer within 0\.05 s"):
        await Calls(exchange_seconds_max=0.05).perform(act, Call("POST", server.url + "/hang"))


async def test_a_call_in_flight_can_be_cancelled(server: Server, act: ActFacts) -> None:
    task = asyncio.create_task(Calls().perform(act, Call("POST", server.url + "/hang")))
    async with asyncio.timeout(5):
        while not server.asked:  # noqa: ASYNC110 - the server lives in threads
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(2):
        while any(thread.name == "http" for thread in threading.enumerate()):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_an_accepted_call_is_polled_until_it_is_done(server: Server, act: ActFacts) -> None:
    server.says(202, {"job": 1})
    server.says(200, {"job": {"state": "running"}})
    server.says(503, {})
    server.says(200, {"job": {"state": "ended"}})
    call = Call(
        "POST",
        server.url + "/jobs",
        poll_url="/jobs/{token}",
        poll_seconds=0,
        done_when="job.state=ended",
        failed_when="job.state=failed",
    )
    assert (await Calls().perform(act, call)).outcome == "done"
    assert [words[:2] for words in server.asked] == [
        ("POST", "/jobs"),
        *[("GET", "/jobs/tok-1")] * 3,
    ]
    server.says(200, {"job": {"state": "failed"}})
    server.answers.pop(0)
    with pytest.raises(PermanentError, match="says that it failed"):
        await Calls().perform(act, replace(call, expects=(200,)))


async def test_a_poll_that_nobody_answers_is_in_doubt(server: Server, act: ActFacts) -> None:
    server.says(202, {})
    server.says(404, {})
    call = Call("POST", server.url, poll_url="/gone", poll_seconds=0, done_when="a=b")
    with pytest.raises(LostEnd, match="accepted"):
        await Calls().perform(act, call)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"state": "there", "ready": True}, "done"),
        (200, {"state": "absent"}, "not_done"),
        (200, {"state": "odd"}, "unknown"),
        (200, b"no json", "unknown"),
        (500, {"state": "absent"}, "unknown"),
    ],
)
async def test_an_observation_is_believed_only_in_its_two_words(
    server: Server, act: ActFacts, status: int, body: object, outcome: str
) -> None:
    server.says(status, body)
    call = Call("GET", server.url, done_when="ready=true", failed_when="state=absent")
    assert (await Calls().observe(act, call)).outcome == outcome


async def test_an_observation_that_cannot_be_made_is_unknown(act: ActFacts) -> None:
    for call in (
        Call("GET", "http://127.0.0.1:1/", done_when="a=b"),
        Call("GET", "gopher://old/", done_when="a=b"),
        Call("GET", "http://127.0.0.1/", secrets={"A": "env:NO_SUCH_SECRET"}),
    ):
        assert (await Calls().observe(act, call)).outcome == "unknown"
