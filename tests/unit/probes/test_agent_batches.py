"""The agent as a process: what it does with bad lines, and that it ends when its caller does."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from migrator.probes.agent import wire
from migrator.probes.agent.batches import loops_for, shared
from migrator.probes.agent.incoming import DEFAULTS, Refused, read_header
from probing.running import QUICK_CAPS, a_header, lines_of_agent, talk_to_agent
from probing.servers import serving, unanswering, unbound
from probing.talking import a_look


def words_of(lines: list[dict[str, object]]) -> dict[object, object]:
    """Each look's word."""
    return {line["id"]: line["word"] for line in lines if "word" in line}


def test_whole_batch_goes_through_several_processes_and_ends_with_its_last_line() -> None:
    caps = {**QUICK_CAPS, "processes": 3}
    with serving() as there, unbound() as shut:
        looks = [
            json.dumps({**a_look("tcp", f"127.0.{n}.1", shut.port), "id": f"l{n}", "of": 1})
            for n in range(40)
        ]
        looks.append(json.dumps({**a_look("tcp", there.host, there.port), "id": "there"}))
        code, lines, talk = talk_to_agent(json.dumps(a_header(caps=caps)), *looks, "")
    assert (code, talk) == (0, "")
    words = words_of(lines)
    assert words.pop("there") == wire.OK
    assert words == {f"l{n}": wire.REFUSED for n in range(40)}
    end = lines[-1]
    assert (end["end"], end["n"]) == (True, 41)
    assert isinstance(end["clock"], float)
    assert abs(end["clock"] - time.time()) < 60


def test_several_batches_follow_each_other_on_one_connection() -> None:
    with unbound() as shut:
        batch = [json.dumps(a_header()), json.dumps(a_look("tcp", shut.host, shut.port, of=1)), ""]
        code, lines, _ = talk_to_agent(*batch, *batch)
    assert code == 0
    assert ["end" in line for line in lines] == [False, True, False, True]


BAD_LINES = {
    "not json": "",
    '"text"': "",
    "[1, 2]": "",
    "[" * 100_000: "",
    '{"id": "torn", "kind": "tc': "",
    '{"kind": "tcp", "host": "127.0.0.1", "port": 1}': "",
    '{"id": "kindless", "host": "127.0.0.1", "port": 1}': "kindless",
    '{"id": "a", "kind": "tcp", "host": "127.0.0.1", "port": "80"}': "a",
    '{"id": "b", "kind": "tcp", "host": "127.0.0.1", "port": 70000}': "b",
    '{"id": "c", "kind": "tcp", "host": "127.0.0.1", "port": 0}': "c",
    '{"id": "d", "kind": "tcp", "host": "", "port": 1}': "d",
    '{"id": "e", "kind": "tcp", "host": "127.0.0.1", "port": 1, "seconds": "long"}': "e",
    '{"id": "f", "kind": "tcp", "host": "127.0.0.1", "port": 1, "seconds": 1e9}': "f",
    '{"id": "g", "kind": "tcp", "host": "127.0.0.1", "port": 1, "need": 4, "of": 3}': "g",
    '{"id": "h", "kind": "tcp", "host": "127.0.0.1", "port": 1, "args": [1]}': "h",
    '{"id": "i", "kind": "tcp", "host": "127.0.0.1", "port": 1, "tls": 1}': "i",
    '{"id": "j", "kind": "tcp", "host": "127.0.0.1", "port": 1, "old": {}}': "j",
    '{"id": "k", "kind": "tcp", "host": "127.0.0.1", "port": 1, "args": {"banner": 1}}': "k",
    '{"id": "l", "kind": "tcp", "host": "127.0.0.1", "port": true}': "l",
    '{"id": "m", "kind": "tcp", "host": "127.0.0.1", "port": 1} and more': "",
    json.dumps({"id": "n", "kind": "x" * wire.LINE_BYTES_MAX * 2, "host": "h", "port": 1}): "",
}


def test_every_bad_line_gets_one_answer_and_hinders_no_other() -> None:
    with serving() as there:
        good = json.dumps({**a_look("tcp", there.host, there.port), "id": "good"})
        unknown = json.dumps({**a_look("telepathy", there.host, there.port), "id": "unknown"})
        lines = lines_of_agent(a_header(), [*BAD_LINES, unknown, good])
    results = [line for line in lines if "word" in line]
    assert len(results) == len(BAD_LINES) + 2
    assert sorted(str(r["id"]) for r in results if r["word"] == wire.BAD_LOOK) == sorted(
        BAD_LINES.values()
    )
    assert all(r["detail"] and len(str(r["detail"])) <= 300 for r in results if r["id"] != "good")
    words = words_of(lines)
    assert (words["good"], words["unknown"]) == (wire.OK, wire.UNKNOWN_KIND)


def test_unknown_kind_is_told_which_kinds_there_are() -> None:
    lines = lines_of_agent(a_header(), [json.dumps(a_look("telepathy", "127.0.0.1", 1))])
    assert "no check is called 'telepathy'; there are: " in str(lines[0]["detail"])
    assert "tcp" in str(lines[0]["detail"])


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("not json", "no header but: not json"),
        ("[1]", "no header but"),
        (json.dumps(a_header(version=2)), "speaks version 2; this agent speaks 1"),
        (json.dumps(a_header(allow=[])), "allows no network"),
        (json.dumps(a_header(allow=["ten"])), "allow list: 'ten'"),
        (json.dumps(a_header(seconds="long")), "seconds is no number"),
        (json.dumps(a_header(seconds=-1)), "seconds is not between"),
        (json.dumps(a_header(caps={"in_flight": 0})), "in_flight is not between 1"),
        (json.dumps(a_header(caps={"speed": 9})), "unknown speed"),
        (json.dumps(a_header(caps=7)), "caps are no table"),
    ],
)
def test_header_that_cannot_be_used_is_refused_in_one_line(header: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        read_header(header.encode(), "")
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_refusal_is_said_on_both_ways_out() -> None:
    code, lines, talk = talk_to_agent("nonsense", "")
    assert code == 2
    assert lines == [{"refused": "the first line is no header but: nonsense"}]
    assert talk == "agent: the first line is no header but: nonsense\n"


def test_input_that_ends_in_the_middle_is_a_caller_that_is_gone() -> None:
    with unanswering() as there:
        began = time.monotonic()
        look = json.dumps(a_look("tcp", there.host, there.port, seconds=30))
        code, lines, talk = talk_to_agent(json.dumps(a_header()), look)
    assert code == 3
    assert not any("end" in line for line in lines)
    assert talk == "agent: the input ended in the middle of the batch\n"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("how", ["reader gone", "terminated", "killed"])
def test_no_process_outlives_its_caller(how: str) -> None:
    with unanswering() as there:
        look = json.dumps(a_look("tcp", there.host, there.port, seconds=60))
        header = json.dumps(a_header(seconds=60.0, caps={**QUICK_CAPS, "processes": 2}))
        agent = subprocess.Popen(
            [sys.executable, "-m", "migrator.probes.agent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert agent.stdin is not None
        assert agent.stdout is not None
        agent.stdin.write(f"{header}\n{look}\n\n".encode())
        agent.stdin.flush()
        # The first beat: the loops are there.
        assert b"beat" in agent.stdout.readline()
        loops = children_of(agent.pid)
        assert len(loops) >= 1
        if how == "reader gone":
            agent.stdout.close()
        else:
            agent.send_signal(signal.SIGTERM if how == "terminated" else signal.SIGKILL)
        assert agent.wait(10) != 0
        agent.stdin.close()
        agent.stdout.close()
        assert all(gone(pid) for pid in loops)


def test_answer_is_cut_where_a_loop_dies() -> None:
    with unanswering() as there:
        look = json.dumps(a_look("tcp", there.host, there.port, seconds=60))
        agent = subprocess.Popen(
            [sys.executable, "-m", "migrator.probes.agent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert agent.stdin is not None
        assert agent.stdout is not None
        agent.stdin.write(f"{json.dumps(a_header())}\n{look}\n\n".encode())
        agent.stdin.flush()
        assert b"beat" in agent.stdout.readline()
        os.kill(children_of(agent.pid)[0], signal.SIGKILL)
        out, talk = agent.communicate(timeout=10)
    assert agent.returncode == 3
    assert b'"end"' not in out
    assert talk == b"agent: a loop ended before its time\n"


def children_of(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    """Wait for the end of a process that is not ours; False where it does not come."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 5.0)[0])
    finally:
        os.close(handle)


def test_loops_are_as_many_as_the_caps_can_use() -> None:
    cores = len(os.sched_getaffinity(0))
    assert loops_for(DEFAULTS) == 1
    assert loops_for(DEFAULTS._replace(per_second=1e6)) == cores
    assert loops_for(DEFAULTS._replace(per_second=1e6, processes=1)) == 1
    share = shared(DEFAULTS._replace(per_second=1000.0, in_flight=9), 4)
    assert (share.per_second, share.in_flight) == (250.0, 2)
    assert share.target_per_second == DEFAULTS.target_per_second
