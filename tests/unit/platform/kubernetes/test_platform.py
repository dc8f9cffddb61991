"""A whole weekend on the fake cluster, and its end wherever the conductor died."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from api_faults import Fault
from api_server import running
from migrator.engine.events import StepEnded
from migrator.engine.states import WaveState
from migrator.platform.kubernetes.doing import Doing
from migrator.platform.kubernetes.drift import Decision
from migrator.platform.kubernetes.objects import ChangeSet, at, text_at
from migrator.platform.kubernetes.platform import KubernetesPlatform
from migrator.platform.kubernetes.slices import Mark
from migrator.platform.kubernetes.subject import DatabaseEnd, DatabaseMove, Subject
from migrator.platform.kubernetes.workloads import Stopped
from on_fake_cluster import IMAGE, FakeCluster, Weekend, a_weekend

if TYPE_CHECKING:
    from migrator.platform.kubernetes.data_acts import DataActs
    from migrator.platform.kubernetes.link_acts import LinkActs
    from migrator.platform.kubernetes.platform import Surroundings
    from migrator.platform.kubernetes.traffic_acts import TrafficActs
    from migrator.platform.kubernetes.workloads import Workloads

END = DatabaseEnd("192.0.2.1", 5432, "a", "migrator")
MOVE = DatabaseMove("a", END, END, ("a_app",))


async def played(
    world: FakeCluster, no_to: str = "", die_at: int | None = None, die_at_write: int | None = None
) -> Weekend:
    async with running(world.server):
        weekend = Weekend(world, no_to, die_at, die_at_write)
        run = await weekend.play()
        assert run.state.value == "ended"
        return weekend


def end_of(weekend: Weekend) -> dict[str, object]:
    """What must be the same however often the process died."""
    world = weekend.world
    services = world.server.storage.find("", "services", "")
    return {
        "waves": {wave.id: wave.state for wave in weekend.run.waves.values()},
        "authority": dict(weekend.run.authority),
        "left": sorted(each for each in world.left_on_target() if not each.startswith("Pod/")),
        "pods": sum(each.startswith("Pod/") for each in world.left_on_target()),
        "open on old": sorted(world.open_on_old),
        "answering": {
            text_at(each, "metadata", "name"): world.side_at(text_at(each, "spec", "clusterIP"))
            for each in services
        },
    }


async def test_a_weekend_ends_on_the_cluster_with_nothing_of_ours_in_its_traffic() -> None:
    weekend = await played(a_weekend())
    end = end_of(weekend)
    assert end["waves"] == {"w1": WaveState.COMMITTED}
    assert end["answering"] == {"a": "new", "b": "new"}
    assert (end["open on old"], end["pods"]) == ([], 4)
    left = weekend.world.left_on_target()
    assert not [each for each in left if "migrator" in each or each.endswith("-pods")]


async def test_every_write_is_journalled_with_its_line_in_the_servers_audit_log() -> None:
    weekend = await played(a_weekend("a"))
    said = {
        change.split()[1]
        for line in weekend.journal.lines()
        if isinstance(line.event, StepEnded)
        for change in line.event.changes
        if change.startswith("audit ")
    }
    assert said == {line.audit_id for line in weekend.world.server.writes_seen}


async def test_a_handlers_no_leaves_only_the_fronts_and_they_lead_to_the_old_side() -> None:
    weekend = await played(a_weekend(), no_to="f1")
    end = end_of(weekend)
    assert end["waves"] == {"w1": WaveState.RETURNED}
    assert end["answering"] == {"a": "old", "a-pods": "", "b": "old", "b-pods": ""}
    assert (end["open on old"], end["pods"]) == (["a", "b"], 0)
    kinds = {each.partition("/")[0] for each in weekend.world.left_on_target()}
    assert kinds <= {"Service", "EndpointSlice"}, kinds
    assert all(move.remains for move in weekend.run.moves.values()), "what stays is listed"


async def with_an_intruder(on_drift: Decision) -> Weekend:
    """Somebody changes the image of a prepared Deployment before it is started."""
    world = a_weekend("a")
    theirs = {"spec": {"template": {"spec": {"containers": [{"name": "server", "image": "x:2"}]}}}}

    def change() -> None:
        world.server.edit("Deployment", "space-a", "a", json.loads(json.dumps(theirs)), "intruder")

    async with running(world.server):
        weekend = Weekend(world, meanwhile={"before a/start": change}, on_drift=on_drift)
        await weekend.play()
        return weekend


async def test_what_somebody_changed_meanwhile_stops_the_wave_and_is_named() -> None:
    weekend = await with_an_intruder(Decision.STOP)
    wave = weekend.run.waves["w1"]
    assert wave.state is WaveState.RETURNED
    assert "intruder" in wave.cause, wave.cause
    assert "image" in wave.cause, wave.cause


async def test_somebody_who_decided_so_overrides_what_was_changed_meanwhile() -> None:
    weekend = await with_an_intruder(Decision.OVERRIDE)
    assert weekend.run.waves["w1"].state is WaveState.COMMITTED
    (found,) = weekend.world.server.storage.find("apps", "deployments", "space-a")
    containers = at(found, "spec", "template", "spec", "containers")
    assert isinstance(containers, list)
    assert [text_at(each, "image") for each in containers] == [IMAGE]


@pytest.mark.slow
@pytest.mark.parametrize("no_to", ["", "f1"])
async def test_it_ends_in_the_same_place_wherever_the_conductor_died(no_to: str) -> None:
    undisturbed = await played(a_weekend("a"), no_to)
    wanted = end_of(undisturbed)
    assert len(undisturbed.boundaries) > 20
    for boundary, why in enumerate(undisturbed.boundaries, 1):
        again = await played(a_weekend("a"), no_to, boundary)
        assert again.processes == 2, f"nobody died {why}"
        assert end_of(again) == wanted, f"died {why}"


@pytest.mark.slow
@pytest.mark.parametrize("no_to", ["", "f1"])
async def test_it_ends_in_the_same_place_whichever_write_nobody_heard_the_end_of(
    no_to: str,
) -> None:
    undisturbed = await played(a_weekend("a"), no_to)
    wanted, writes = end_of(undisturbed), len(undisturbed.world.server.writes_seen)
    assert writes > 10
    for write in range(1, writes + 1):
        again = await played(a_weekend("a"), no_to, die_at_write=write)
        assert again.processes == 2, f"nobody died at write {write}"
        assert end_of(again) == wanted, f"died at write {write}"


@dataclass
class Stops:
    """Workloads that say which of them were stopped, and how."""

    stopped: list[str] = field(default_factory=list)

    async def fence(self, *_: object, **__: object) -> Stopped:
        self.stopped.append("all but those that keep data")
        return Stopped(ChangeSet(), ())

    async def stop(self, *_: object, **__: object) -> Stopped:
        self.stopped.append("all")
        return Stopped(ChangeSet(), ())


@pytest.mark.parametrize(
    ("databases", "expected"),
    [((), "all"), ((MOVE,), "all but those that keep data")],
)
async def test_a_database_answers_until_its_copy_is_discarded(
    databases: tuple[DatabaseMove, ...], expected: str
) -> None:
    """discard-copy comes after stop-target and asks the target: stopped, it could never end."""
    stops = Stops()
    nothing = cast("DataActs", SimpleNamespace(perform=None))
    around = cast("Surroundings", None)

    async def evidence(_doing: Doing) -> str:
        return ""

    platform = KubernetesPlatform(
        around, cast("Workloads", stops), cast("TrafficActs", None), cast("LinkActs", None),
        nothing, evidence,
    )  # fmt: skip
    subject = Subject("a", "space-a", databases=databases)
    await platform._stop(Doing(subject, "stop-target", 1, Mark("t", 1), 5.0))
    assert stops.stopped == [expected]


async def test_fronts_that_a_failed_preparation_has_made_are_in_the_journal() -> None:
    world = a_weekend("a")
    world.server.forbidden = {("create", "deployments.apps"), ("patch", "deployments.apps")}
    weekend = await played(world)
    assert weekend.run.outcome == "returned"
    told = [
        change
        for line in weekend.journal.lines()
        if isinstance(line.event, StepEnded) and line.event.outcome == "failed"
        for change in line.event.changes
    ]
    assert "EndpointSlice/space-a/a-migrator created" in told
    assert "Service/space-a/a created" in told


async def test_an_answer_that_is_lost_takes_nothing_back() -> None:
    world = a_weekend("a")
    lost = Fault("PUT /apis/discovery.k8s.io", after=True)
    world.server.faults = [lost]
    weekend = await played(world)
    assert weekend.run.outcome == "completed"
    assert lost.times == 0, "no answer was lost"
