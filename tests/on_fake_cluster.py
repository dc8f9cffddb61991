"""A run that moves onto the tests' own API server: real engine, real platform, fake cluster.

The server, its controllers and the data plane stand in this process. The data plane is a vantage
point that reads what the server's slices say and answers as the side behind the address would;
the old side is a set of names that are open. Both are fakes and say so. A process's death is the
end of its conductor in the middle of whatever it does: nothing is told, and the next one folds the
journal.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final

from api_controllers import Controllers
from api_server import ApiServer
from api_storage import Event
from itineraries import START, an_itinerary
from kubernetes_rig import client_for, wall
from migrator.conductor.clock import ScaledClock
from migrator.conductor.loop import Conductor, refold
from migrator.engine import events as ev
from migrator.engine.policy import authority_after
from migrator.engine.ports import ActResult, Line, OperatorCommand, Platform
from migrator.engine.run import Run
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from migrator.platform.kubernetes.data_acts import DataActs
from migrator.platform.kubernetes.doing import Doing
from migrator.platform.kubernetes.drift import Decision
from migrator.platform.kubernetes.following import Follower, FrontLocks
from migrator.platform.kubernetes.link_acts import LinkActs
from migrator.platform.kubernetes.looking import Answered, Look
from migrator.platform.kubernetes.manifests import read_subject
from migrator.platform.kubernetes.objects import KubeObject, text_at
from migrator.platform.kubernetes.platform import Intent, KubernetesPlatform, Surroundings
from migrator.platform.kubernetes.slices import SERVICE_NAME, Mark, Port, union
from migrator.platform.kubernetes.subject import Subject
from migrator.platform.kubernetes.traffic_acts import TrafficActs
from migrator.platform.kubernetes.waiting import Cluster
from migrator.platform.kubernetes.workloads import Workloads
from migrator.store.memory import MemoryJournal
from migrator.wiring import begin

NAME: Final = "fake-weekend"
IMAGE: Final = "registry.invalid/server:1"
OLD_ACTS: Final = frozenset({"fence", "start-source", "quiesce"})


def a_subject(name: str, number: int, image: str = IMAGE) -> Subject:
    """One Deployment behind one front."""
    labels = {"app": name}
    container = {"name": "server", "image": image, "ports": [{"containerPort": 8080}]}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {"of": name},
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    }
    old = {"port": "http", "addresses": [f"10.78.0.{number + 10}"], "number": 8080}
    cutover = {
        "namespace": f"space-{name}",
        "fronts": [
            {
                "service": name,
                "old": [old],
                "identity": {"port": "http", "path": "/", "old": "side=old", "new": "side=new"},
            }
        ],
    }
    texts = {
        "all.json": {"apiVersion": "v1", "kind": "List", "items": [deployment, settings, service]},
        "cutover.yaml": cutover,
    }
    return read_subject(name, {file: json.dumps(text).encode() for file, text in texts.items()})


@dataclass
class FakeCluster:
    """The world of one weekend: the server, and what is open on the old side."""

    itinerary: Itinerary
    subjects: dict[str, Subject]
    server: ApiServer = field(default_factory=ApiServer)
    open_on_old: set[str] = field(default_factory=set)
    effects: list[str] = field(default_factory=list)
    both_live: list[str] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    controllers: Controllers | None = None

    def __post_init__(self) -> None:
        self.open_on_old |= set(self.subjects)
        self.controllers = Controllers(self.server)

    # --- the data plane ---------------------------------------------------------------------

    def side_at(self, host: str) -> str:
        """Who answers at an address: old, new, empty for nobody; a Service leads to its slices."""
        for name, subject in self.subjects.items():
            if any(host in fronting.old.addresses for fronting in subject.fronts):
                return "old" if name in self.open_on_old else ""
        for pod in self.server.storage.find("", "pods", ""):
            if text_at(pod, "status", "podIP") == host:
                return "new"
        for service in self.server.storage.find("", "services", ""):
            if text_at(service, "spec", "clusterIP") == host:
                sides = {self.side_at(each) for each in self.behind(service)}
                assert len(sides) <= 1, f"{host} leads to {sides}"
                return sides.pop() if sides else ""
        return ""

    def behind(self, service: KubeObject) -> set[str]:
        """The addresses that a data plane takes for a Service."""
        name = text_at(service, "metadata", "name")
        slices = [
            each
            for each in self.server.storage.find("discovery.k8s.io", "endpointslices", "")
            if text_at(each, "metadata", "labels", SERVICE_NAME) == name
        ]
        found = union(slices, [Port("http", 80)])
        return {address for address, _ in found["http"]}

    def left_on_target(self) -> list[str]:
        """Everything in the moving namespaces that is not the server's own, as kind/name."""
        spaces = {subject.namespace for subject in self.subjects.values()}
        return sorted(
            f"{text_at(each, 'kind')}/{text_at(each, 'metadata', 'name')}"
            for key, each in self.server.storage.objects.items()
            if key[2] in spaces
        )


@dataclass(frozen=True)
class DataPlane:
    """A vantage point inside the fake cluster. A fake: it reads slices and opens no socket."""

    world: FakeCluster
    name: str = "the fake data plane"
    inside: bool = True

    async def look(
        self, batch: Sequence[Look], *, rounds: int = 1, pause_seconds: float = 0.0
    ) -> tuple[Answered, ...]:
        """Answer as the side behind each address would."""
        del pause_seconds
        now = asyncio.get_running_loop().time()
        return tuple(self._one(each, now) for _ in range(rounds) for each in batch)

    def _one(self, look: Look, now: float) -> Answered:
        side = self.world.side_at(look.host)
        if not side:
            return Answered(look.id, False, "refused", "", 0, 0.1, now, "")
        return Answered(look.id, True, "", f"side={side}", 200, 0.1, now, "")


class BothSides:
    """The platform of a run here: old acts on the fake old side, all others on the cluster."""

    def __init__(self, world: FakeCluster, cluster: Platform, die: Callable[[str], None]) -> None:
        self._world = world
        self._cluster = cluster
        self._die = die

    async def perform(self, intent: Intent) -> ActResult:
        """Do the act; the process may die before it, or before anybody hears of its end."""
        act = intent.step if isinstance(intent, ev.StepStarted) else intent.undo
        self._die(f"before {intent.move}/{act}")
        if act in OLD_ACTS:
            result = self._old(intent, act)
        else:
            result = await self._cluster.perform(intent)
        self._world.effects.append(f"{intent.token} {intent.move}/{act}")
        self._die(f"after {intent.move}/{act}")
        return result

    async def observe(self, intent: Intent) -> ActResult:
        """Ask the world."""
        act = intent.step if isinstance(intent, ev.StepStarted) else intent.undo
        if act in OLD_ACTS:
            is_open = intent.move in self._world.open_on_old
            done = is_open == (act == "start-source")
            return ActResult("done" if done else "not_done", authority=self._authority(intent, act))
        return await self._cluster.observe(intent)

    def _old(self, intent: Intent, act: str) -> ActResult:
        if act == "fence":
            self._world.open_on_old.discard(intent.move)
        elif act == "start-source":
            self._world.open_on_old.add(intent.move)
        return ActResult("done", act, authority=self._authority(intent, act))

    def _authority(self, intent: Intent, act: str) -> str | None:
        recipe = self._world.itinerary.legs[intent.move].recipe
        return authority_after(self._world.itinerary.recipes[recipe], act)


@dataclass
class People:
    """Everybody is willing; `verdict` is what handlers say of the checks of `no_to`."""

    journal: MemoryJournal
    changed: asyncio.Event
    no_to: str = ""
    answered: set[str] = field(default_factory=set)

    def resume(self, run: Run) -> None:
        """Answer what an earlier process was asked and nobody answered."""
        self.listen(run, tuple(self.journal.lines()))

    def listen(self, _run: Run, lines: Sequence[Line]) -> None:
        """Answer what is asked."""
        for line in lines:
            event = line.event
            if isinstance(event, ev.GateOpened):
                self._say("go", event.wave, "anna", line.seq)
            elif isinstance(event, ev.CheckAssigned):
                no = self.no_to and self.no_to in event.check
                verdict = "does_not_work" if no else "works"
                self._say("tick", event.check, event.person, line.seq, verdict)
            elif isinstance(event, ev.WaveAccepted):
                self._say("commit", event.wave, "anna", line.seq)
            elif isinstance(event, ev.DisturbanceOpened):
                self._say("close", event.disturbance, event.owner or "anna", line.seq)

    def _say(self, verb: str, target: str, who: str, seq: int, verdict: str = "") -> None:
        key = f"{verb}-{target}-{seq}"
        taken = {
            line.event.command
            for line in self.journal.lines()
            if isinstance(line.event, ev.CommandTaken | ev.CommandRefused)
        }
        if key in taken or key in self.answered:
            return
        self.answered.add(key)
        details = (("verdict", verdict),) if verdict else ()
        reason = ""
        if verb == "close":
            details, reason = (("cause", "it did not work"),), "it is seen to"
        self.journal.submit(OperatorCommand(key, verb, who, True, target, reason, seq, details))
        self.changed.set()


def a_weekend(moves: str = "ab", **changes: object) -> FakeCluster:
    """Stateless moves in one wave, each linked with the next; every failure unwinds at once."""
    at_once = (Trouble.STEP_FAILED, Trouble.TIMED_OUT, Trouble.LINKS_REGRESSED, Trouble.REFUSED)
    on = {trouble: Reaction(Act.UNWIND) for trouble in at_once}
    on[Trouble.UNDO_FAILED] = Reaction(Act.HOLD, retries=2)
    policy = {"waves_per_attempt_max": 1, "soak_minutes": 0.0, "drain_minutes_max": 0.001}
    itinerary = an_itinerary(
        waves=(moves,),
        links=[f"{one}{two}" for one, two in pairwise(moves)],
        stateless=moves,
        on=on,
        policy=policy,
        **changes,  # type: ignore[arg-type]  # a test's own data
    )
    return FakeCluster(itinerary, {name: a_subject(name, n) for n, name in enumerate(moves)})


class DiedError(BaseException):
    """The process is no more."""


@dataclass
class Weekend:
    """One run on a fake cluster, by as many processes as it takes. Epochs count them."""

    world: FakeCluster
    no_to: str = ""
    die_at: int | None = None  # the boundary of an act, from 1
    die_at_write: int | None = None  # the write that the server makes and nobody hears of
    meanwhile: Mapping[str, Callable[[], object]] = field(default_factory=dict)  # by boundary
    on_drift: Decision = Decision.STOP
    boundaries: list[str] = field(default_factory=list)
    processes: int = 0

    run: Run = field(init=False)

    def __post_init__(self) -> None:
        self.journal = MemoryJournal(NAME, self.world.itinerary)
        self.world.server.storage.listeners.append(self._written)

    async def play(self) -> Run:
        """Carry the run to its end."""
        run = self.run = begin(
            self.journal, self.world.itinerary, NAME, START, mode="virtual", seed=1
        )
        while True:
            self.processes += 1
            try:
                return await self._process(run)
            except DiedError:
                self.die_at = self.die_at_write = None
                run = self.run = refold(self.journal)

    def _written(self, _event: Event) -> None:
        """The server has made a write; the process dies before it hears the answer."""
        if self.die_at_write == len(self.world.server.writes_seen):
            self._dead.set()

    def _die(self, why: str) -> None:
        self.boundaries.append(why)
        if why in self.meanwhile:
            self.meanwhile[why]()
        if self.die_at is not None and len(self.boundaries) >= self.die_at:
            self._dead.set()
            raise asyncio.CancelledError  # what is in flight ends here, and nobody hears of it

    async def _process(self, run: Run) -> Run:
        self._dead = asyncio.Event()
        clock = ScaledClock(self._now(run), 1.0)
        async with self._platform(run, clock) as platform:
            conductor = Conductor(
                self.journal, BothSides(self.world, platform, self._die), clock, run
            )
            people = People(self.journal, conductor.changed, self.no_to)
            conductor.listeners.append(people.listen)
            people.resume(run)
            life = asyncio.create_task(conductor.conduct())
            death = asyncio.create_task(self._dead.wait())
            await asyncio.wait({life, death}, return_when=asyncio.FIRST_COMPLETED)
            death.cancel()
            if not life.done():
                life.cancel()
                await asyncio.gather(life, return_exceptions=True)
                raise DiedError
            return life.result()

    @asynccontextmanager
    async def _platform(self, run: Run, clock: ScaledClock) -> AsyncIterator[KubernetesPlatform]:
        world, epoch = self.world, self.processes

        async def vantages() -> Sequence[DataPlane]:
            return (DataPlane(world),)

        client = client_for(world.server)
        locks = FrontLocks()
        fronts = [f.front for subject in world.subjects.values() for f in subject.fronts]
        follower = Follower(
            client, fronts, locks, mark=lambda: Mark("fake.beside", epoch), trouble=_loud
        )
        following = asyncio.create_task(follower.run())
        try:
            async with Cluster(client, now=wall) as cluster:
                traffic = TrafficActs(client, locks, vantages)
                yield KubernetesPlatform(
                    Surroundings(
                        "fake", world.subjects, lambda: run.itinerary, lambda: epoch, clock.now
                    ),
                    Workloads(client, cluster, self._keep, world.facts.get, self.on_drift),
                    traffic,
                    LinkActs(traffic, vantages, self._keep, world.facts.get, own_seconds=0.0),
                    DataActs(NAME, lambda _move: False),
                    _no_evidence,
                )
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await client.close()

    def _keep(self, key: str, value: object) -> None:
        self.world.facts[key] = json.loads(json.dumps(value))  # as a store would keep it

    def _now(self, run: Run) -> datetime:
        lines = tuple(self.journal.lines())
        del run
        return lines[-1].at if lines else START


async def _no_evidence(_doing: Doing) -> str:
    return "no evidence is kept here"


def _loud(text: str) -> None:
    raise AssertionError(text)
