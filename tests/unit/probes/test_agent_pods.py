"""The agent in a pod: batches by HTTP, for those with the key and for no one else."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.probes.agent import pods, wire
from migrator.probes.packing import packed_agent
from probing.running import a_header
from probing.servers import unanswering, unbound
from probing.talking import a_look

KEY = "a key that nobody guesses"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The packed agent, serving on a port of its choice."""
    folder = tmp_path_factory.mktemp("pod")
    (folder / "agent.pyz").write_bytes(packed_agent().data)
    (folder / "key").write_text(KEY + "\n")
    words = ["-I", str(folder / "agent.pyz"), "--serve", "0", str(folder / "key")]
    server = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        yield int(json.loads(server.stdout.readline())["port"])
    finally:
        server.terminate()
        assert server.wait(10) == 0
        server.stdout.close()


def ask(
    port: int, method: str, path: str, body: bytes = b"", key: str = KEY, **headers: str
) -> tuple[int, bytes]:
    """One request: status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body or None, {"X-Migrator-Key": key, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def a_batch(**more: object) -> bytes:
    """A batch of one look at a port that refuses."""
    with unbound() as shut:
        look = a_look("tcp", shut.host, shut.port, of=1)
    header = a_header(**{"digest": packed_agent().digest, **more})
    return f"{json.dumps(header)}\n{json.dumps(look)}\n\n".encode()


def test_pod_says_that_it_is_ready_and_which_agent_it_is(port: int) -> None:
    status, body = ask(port, "GET", "/ready", key="")
    assert (status, body.decode()) == (200, f"ready {packed_agent().digest}\n")


def test_batch_is_answered_with_the_lines_of_the_agent(port: int) -> None:
    status, body = ask(port, "POST", "/batch", a_batch())
    lines = [json.loads(line) for line in body.splitlines()]
    assert status == 200
    assert [line.get("word", line.get("end")) for line in lines] == [wire.REFUSED, True]
    assert lines[-1]["digest"] == packed_agent().digest


def test_batch_may_come_in_chunks(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    batch = a_batch()
    pieces = iter([batch[:7], batch[7:90], batch[90:]])
    connection.request("POST", "/batch", pieces, {"X-Migrator-Key": KEY}, encode_chunked=True)
    body = connection.getresponse().read()
    connection.close()
    assert json.loads(body.splitlines()[-1])["n"] == 1


def test_batch_for_another_agent_is_refused_in_a_whole_answer(port: int) -> None:
    status, body = ask(port, "POST", "/batch", a_batch(digest="yesterday"))
    assert status == 200
    assert "'yesterday'" in json.loads(body)["refused"]


@pytest.mark.parametrize("key", ["", "a key", KEY + "x", "ö" * 10])
def test_nobody_without_the_key_gets_anything(port: int, key: str) -> None:
    status, body = ask(port, "POST", "/batch", a_batch(), key=key.encode().decode("latin-1"))
    assert (status, body) == (403, b"the key is not the right one\n")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/batch", {}, 404),
        ("POST", "/elsewhere", {}, 404),
        ("POST", "/batch", {"Content-Length": "many"}, 400),
        ("PUT", "/batch", {}, 501),
    ],
)
def test_what_is_no_request_of_ours_is_refused(
    port: int, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    assert ask(port, method, path, b"", KEY, **headers)[0] == status


def test_caller_that_goes_away_frees_its_place(port: int) -> None:
    with unanswering() as there:
        look = a_look("tcp", there.host, there.port, seconds=30)
        header = a_header(digest=packed_agent().digest)
        batch = f"{json.dumps(header)}\n{json.dumps(look)}\n\n".encode()
        callers = []
        for _ in range(pods.BATCHES_MAX):
            caller = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            caller.request("POST", "/batch", batch, {"X-Migrator-Key": KEY})
            callers.append((caller, caller.getresponse()))
        assert ask(port, "POST", "/batch", a_batch())[0] == 503
        for caller, answer in callers:
            assert b"beat" in answer.readline()
            answer.close()
            caller.close()
        for _ in range(500):
            status, body = ask(port, "POST", "/batch", a_batch())
            if status == 200:
                break
        assert b'"end": true' in body


@pytest.mark.parametrize(
    ("port_word", "key", "why"),
    [
        ("many", KEY, "port is no number"),
        ("70000", KEY, "port is no number"),
        ("0", "short", "fewer than 16 bytes"),
        ("0", None, "No such file"),
    ],
)
def test_server_that_cannot_begin_says_why_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], port_word: str, key: str | None, why: str
) -> None:
    if key is not None:
        (tmp_path / "key").write_text(key)
    assert pods.serve(port_word, str(tmp_path / "key"), "") == 2
    told = capsys.readouterr().err
    assert why in told
    assert len(told.splitlines()) == 1
