"""The dispatcher: which look goes to which loop, and that nothing gets round the ranges."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.probes.agent.dispatch import QUICK, Batch, Worker
from migrator.probes.agent.incoming import read_header
from migrator.probes.agent.names import Names, close_both
from migrator.probes.agent.ranges import Ranges, packed_of, text_of
from probing.running import a_header
from probing.talking import a_look

LOOPS = 3


@pytest.fixture
def batch() -> Iterator[Batch]:
    """A batch for three loops that nobody runs."""
    order = read_header(json.dumps(a_header(allow=["10.0.0.0/8", "fd00::/8"])).encode(), "")
    ends = [os.pipe() for _ in range(2 * LOOPS)]
    workers = [Worker(ends[2 * i][1], ends[2 * i + 1][0]) for i in range(LOOPS)]
    held = Batch(order, workers, ends[0][0], ends[0][1])
    held._names = Names(lambda _: [])
    yield held
    held._names.close()
    for one, other in ends:
        close_both(one, other)


def hand_in(batch: Batch, *lines: str) -> list[list[str]]:
    """The addresses that each loop got for these lines."""
    batch._take("".join(f"{line}\n" for line in lines).encode())
    return [[line.split("\t")[0] for line in owed.decode().splitlines()] for owed in batch._owed]


def written(host: str, *, quick: bool) -> str:
    """A look in our own order of fields, or in another."""
    look = a_look("tcp", host, 80)
    line = json.dumps(look if quick else dict(reversed(look.items())))
    assert (QUICK.match(line.encode()) is not None) == quick
    return line


def test_all_looks_of_one_network_go_to_one_loop(batch: Batch) -> None:
    hosts = [f"10.0.{net}.{n}" for n in range(1, 200) for net in range(9)]
    hosts += [f"fd00:0:0:{net}::{n:x}" for n in range(1, 50) for net in range(9)]
    got = hand_in(
        batch, *(written(host, quick=":" not in host and i % 3 > 0) for i, host in enumerate(hosts))
    )
    assert sorted(address for loop in got for address in loop) == sorted(
        text_of(packed_of(host)) for host in hosts
    )
    networks = [{packed_of(a)[: 3 if "." in a else 8] for a in loop} for loop in got]
    assert all(networks)
    assert sum(len(nets) for nets in networks) == len(set().union(*networks)) == 18


@pytest.mark.parametrize("quick", [True, False])
def test_address_outside_is_refused_beside_a_known_network(batch: Batch, quick: bool) -> None:
    got = hand_in(batch, *(written(h, quick=quick) for h in ("10.0.0.1", "11.0.0.1", "10.0.0.2")))
    assert sorted(address for loop in got for address in loop) == ["10.0.0.1", "10.0.0.2"]
    assert b'"word":"not_allowed"' in batch._out


def test_range_narrower_than_a_network_is_asked_for_each_address() -> None:
    narrow = Ranges(["10.0.0.0/8", "10.1.1.4/30"])
    assert not narrow.same_for_neighbours(packed_of("10.1.1.4"))
    assert Ranges(["10.0.0.0/24"]).same_for_neighbours(packed_of("10.0.0.1"))


@pytest.mark.parametrize(
    "host",
    ["010.0.0.1", "10.0.0.256", "10.0.0.01", "10.0.1", "167772161", "0x0a000001", "10.0.0.1 "],
)
def test_other_ways_to_write_an_address_are_names_and_never_quick(batch: Batch, host: str) -> None:
    # Some resolvers take them for addresses: what they resolve to is checked like any other name.
    strange = json.dumps(a_look("tcp", host, 80))
    got = hand_in(batch, written("10.0.0.1", quick=True), strange)
    assert sum(len(loop) for loop in got) == 1
    assert batch._names.parked == 1


@given(st.lists(st.integers(1, 90), min_size=1, max_size=40))
def test_lines_are_the_same_however_the_input_is_cut(cuts: list[int]) -> None:
    order = read_header(json.dumps(a_header(allow=["10.0.0.0/8"])).encode(), "")
    data = "".join(written(f"10.0.{n}.1", quick=True) + "\n" for n in range(20)).encode()
    held = Batch(order, [Worker(-1, -1)], -1, -1)
    at = 0
    for cut in [*cuts, len(data)]:
        held._take(data[at : at + cut])
        at += cut
    assert held._owed[0].count(b"\n") == 20
    assert held._cut == b""
