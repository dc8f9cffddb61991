"""The whole weekend in the lab: 32 subsystems, 64 Deployments, and a wave that is refused.

Every caller is watched through all of it: a hammer on every front, the applications themselves on
both sides, and writers with a ledger of their own. Every link is proved one by one, from pods
beside a few of the callers too. Afterwards the journal is held against what they heard, and the
cluster against the journal.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from cluster.agents_seen import AgentsSeen
from cluster.carrying_out import Weekend, carry_out
from cluster.estate_on_cluster import Estate, Member
from cluster.hammer import Hammer
from cluster.judging import Done, Judged, judge, judge_links, told
from cluster.lab.images import POSTGRESQL
from cluster.lab.parts import Lab
from cluster.leftovers import unknown
from cluster.logbook import Connected, Ledger, Logbook, Writer
from cluster.old_databases import OldServer, numbers, old_database
from cluster.old_side import OldSide
from cluster.reach import Cluster
from cluster.train_ticket import NAMESPACE, is_there
from cluster.whole_estate import LOOKING, RETURNS, STAYS, whole_estate
from migrator.cli.run_reading import Read, read_plan_here
from migrator.engine.events import LinksJudged
from migrator.engine.states import WaveState
from migrator.ids import SubsystemId
from migrator.probes.summary import Summary, read_summary
from migrator.probes.verdicts import GREEN, Verdict

pytestmark = pytest.mark.cluster

ROWS_ON_TARGET = 20
SUBSYSTEMS, DEPLOYMENTS, WAVES = 30, 60, 5


@pytest.fixture
def old_server(lab: Lab) -> Iterator[OldServer]:
    server = OldServer(lab, (old_database(0, STAYS), old_database(1, RETURNS)))
    server.start()
    yield server
    server.remove()


def test_a_whole_weekend_moves_and_one_refused_wave_is_back_with_its_traffic_and_its_data(
    cluster: Cluster, old: OldSide, old_server: OldServer, clean: list[str], tmp_path: Path
) -> None:
    databases = {each.name: each for each in old_server.databases}
    estate = whole_estate(tmp_path, cluster.image, databases, POSTGRESQL.reference)
    clean += estate.namespaces
    assert estate.plan is not None
    assert len(estate.names) >= SUBSYSTEMS
    assert _deployments(estate.members) >= DEPLOYMENTS
    assert len(estate.plan.waves) >= WAVES
    refused = next(w for w in estate.plan.waves if RETURNS in {m.subsystem for m in w.moves})
    back = {str(move.subsystem) for move in refused.moves}
    old.runs(estate)
    began = time.monotonic()
    hammer = Hammer(cluster, estate)
    writer = Writer(hammer.addresses, (STAYS, RETURNS))
    ledger = writer.ledgers[RETURNS]

    def written_on_the_target() -> bool:
        return len(ledger.by("new")) >= ROWS_ON_TARGET

    with Logbook() as book, hammer, writer, AgentsSeen(cluster) as seen:
        weekend = carry_out(estate, tmp_path, cluster, {RETURNS: written_on_the_target})
    spent = time.monotonic() - began
    done = told(weekend.lines)
    judged, linked = judge(hammer.heard, done), judge_links(book.rows, estate.links, done)
    _show(weekend, hammer, judged, linked, spent)

    # The engine: one wave is back, all others have arrived, whatever came before or after it.
    assert weekend.run.outcome == "returned", weekend.causes
    states = {name: wave.state for name, wave in weekend.run.waves.items()}
    assert states.pop(refused.id) is WaveState.RETURNED, weekend.causes
    assert set(states.values()) == {WaveState.COMMITTED}, weekend.causes
    assert old.states() == {n: "open" if n in back else "fenced" for n in estate.names}

    # Its callers: one side at a time, every failure within a fence, every link connected.
    wrong = [*judged.wrong, *linked.wrong]
    # A side that is fenced refuses: nobody waits there for an answer that never comes.
    wrong += [word for word in judged.explained if word == "timeout during fence-target"]
    if not _crossings(book.rows, done):
        wrong.append("nobody on the old side ever reached what had moved")
    # Its links: each proved by whoever speaks for the caller, in every move and after the way back.
    wrong += _links_unproved(weekend, estate, tmp_path, back)
    if {*seen.agents.values()} != {f"{name}/{name}" for name in LOOKING} or seen.called:
        wrong.append(f"agents stood at {seen.agents}, and {seen.called} sent callers to them")
    # Its data: what was promised is where authority is.
    wrong += _rows_lost(writer.ledgers[STAYS], numbers(databases[STAYS].ends["new"], STAYS))
    wrong += _rows_lost(ledger, numbers(databases[RETURNS].ends["old"], RETURNS))
    # Its cluster: nothing that the journal does not know, and nothing of the wave that is back.
    left, _ = unknown(cluster, weekend.lines)
    wrong += [f"{name} is ours, and the journal does not know it" for name in left]
    assert wrong == [], "\n".join(wrong)
    assert len(ledger.by("new")) >= ROWS_ON_TARGET
    assert _running(cluster, estate) == set(estate.names) - back


def _deployments(members: Sequence[Member]) -> int:
    kinds = Counter(str(each["kind"]) for member in members for each in member.objects)
    return kinds["Deployment"]


def _rows_lost(ledger: Ledger, found: list[int]) -> Iterator[str]:
    """Every promised row is there; one that was not promised may be, but none that nobody sent."""
    own = {number for number in found if number > 0}
    lost = sorted(set(ledger.promised) - own)
    if lost:
        yield f"{len(lost)} of {len(ledger.promised)} promised rows are lost: {lost[:5]}"
    if own - ledger.tried:
        yield f"{len(own - ledger.tried)} rows are there that nobody wrote"
    if len(found) != len(set(found)):
        yield f"{len(found) - len(set(found))} rows are there twice"


def _links_unproved(
    weekend: Weekend, estate: Estate, folder: Path, back: set[str]
) -> Iterator[str]:
    """Every look at each move counts all of its links, and after a move each of them is proved."""
    looks = [line.event for line in weekend.lines if isinstance(line.event, LinksJudged)]
    last = {(each.move, each.look): each for each in looks}
    for name in estate.names:
        own = sum(name in link for link in estate.links)
        for look in ("baseline", "prove-back" if name in back else "soak"):
            found = last.get((name, look))
            if found is None or not found.sweep:
                yield f"{name}: its links were never looked at one by one ({look})"
            elif found.same + found.better + found.deferred != own:
                yield f"{name}: not all of its {own} links are accounted for: {found}"
    sweeps = folder / "state" / "sweeps" / "night"
    proved = {
        (each.source_subsystem, each.target_subsystem)
        for look in looks
        if look.look != "baseline"
        for each in cast("Summary", read_summary(sweeps / look.sweep)).counts
        if Verdict(each.verdict) in GREEN
    }
    if not proved >= {*estate.links}:
        yield f"nobody proved {sorted({*estate.links} - proved)} after a move"


def _crossings(rows: list[Connected], done: dict[str, Done]) -> int:
    """Calls from an old application that a bridge led to the new side."""
    return sum(row.side == "old" and row.heard == "new" and row.callee in done for row in rows)


def _running(cluster: Cluster, estate: Estate) -> set[str]:
    """The subsystems of which a Deployment is on the cluster."""
    text = cluster.kubectl("get", "deployments", "-A", "-o", "json")
    there = {
        (each["metadata"]["namespace"], each["metadata"]["name"])
        for each in json.loads(text)["items"]
    }
    return {each.name for each in estate.members if (each.space, each.front) in there}


def _show(weekend: Weekend, hammer: Hammer, judged: Judged, linked: Judged, spent: float) -> None:
    """What a person who runs this wants to know, and needs where it fails."""
    for line in weekend.lines:
        print(line.at, line.seq, line.event)  # noqa: T201
    calls = sum(len(each.calls) for each in hammer.heard.values())
    kept = sum(len(each.kept) for each in hammer.heard.values())
    print(  # noqa: T201
        f"{spent:.0f} s; {calls} calls and {kept} on kept connections; "
        f"explained: {judged.explained}; between applications: {linked.explained}"
    )


@pytest.mark.parametrize("sample", [True, False])
def test_the_estate_is_large_enough_with_the_public_sample_and_without_it(
    sample: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sample and not is_there():
        pytest.skip("the public sample does not lie beside the repository")
    monkeypatch.setattr("cluster.whole_estate.is_there", lambda: sample)
    databases = {name: old_database(number, name) for number, name in enumerate((STAYS, RETURNS))}
    estate = whole_estate(tmp_path, "an.image/python:1", databases, POSTGRESQL.reference)
    ours = [each for each in estate.members if each.namespace != NAMESPACE]
    assert len(estate.names) >= SUBSYSTEMS
    assert _deployments(estate.members) >= DEPLOYMENTS
    assert _deployments(ours) * (1 + sample) == _deployments(estate.members)
    assert estate.plan is not None
    assert len(estate.plan.waves) >= WAVES
    wave_of = {move.subsystem: wave.id for wave in estate.plan.waves for move in wave.moves}
    assert wave_of[SubsystemId(STAYS)] != wave_of[SubsystemId(RETURNS)]
    assert isinstance(read_plan_here(estate.plan_file, None), Read), "the plan is sound"
