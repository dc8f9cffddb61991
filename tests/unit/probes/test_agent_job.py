"""One look on its way: the short way to read it says what the long way says."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from migrator.probes.agent.incoming import BadLook, read_look
from migrator.probes.agent.job import BARE, Job, Network, Target, read_job_line
from probing.talking import a_look

TEXTS = st.text(st.characters(max_codepoint=0x2FF), min_size=1, max_size=12)


@given(TEXTS, st.integers(0, 70_000))
def test_bare_ports_are_read_the_same_by_both_ways(look_id: str, port: int) -> None:
    raw = json.dumps({**a_look("tcp", "10.0.0.1", port), "id": look_id}, ensure_ascii=False)
    line = b"10.0.0.1\t" + raw.encode()
    try:
        expected = read_look(raw.encode())
    except BadLook:
        expected = None
    try:
        found = read_job_line(line)
    except BadLook:
        assert expected is None
    else:
        assert found == ("10.0.0.1", expected)


def test_our_own_lines_of_bare_ports_go_the_short_way() -> None:
    for look_id in ("a", "web>db:5432", "0123456789abcdef"):
        look = {**a_look("tcp", "10.0.0.1", 5432), "id": look_id}
        for separators in ((", ", ": "), (",", ":")):
            raw = json.dumps(look, separators=separators)
            assert BARE.fullmatch(b"10.0.0.1\t" + raw.encode())


def test_short_result_has_the_fields_of_the_long_one() -> None:
    target = Target("10.0.0.1", 80, Network(), 0.0)
    bare, other = (Job(a_look(kind, "10.0.0.1", 80), target) for kind in ("tcp", "http"))
    for job in (bare, other):
        job.source = "10.0.0.9"
        assert job.tried("ok", 0.00125, 0.00125, "", 0)
    assert json.loads(bare.line()) == json.loads(other.line())
    assert (bare.plain, other.plain) == (True, False)


def test_one_authority_of_many_looks_is_kept_once() -> None:
    raw = json.dumps({**a_look("tls", "10.0.0.1", 443), "args": {"ca": "PEM " * 1000}}).encode()
    one, other = (read_look(raw)["args"]["ca"] for _ in range(2))
    assert one is other
