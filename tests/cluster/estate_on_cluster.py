"""An estate that moves onto the lab: its inventory, its manifests, and its plan, as files.

Each subsystem is some Deployments behind one front Service, and a listener of the old platform
(`old_platform.py`) under an old name. The plan's recipes (`recipes_on_old_hosts.py`) perform what
happens on old hosts by http, and leave the rest to the cluster. Nothing waits: no soak, short
drains, one attempt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, cast

from builders import write_inventory
from cluster import small_server
from cluster.lab.parts import OLD_ADDRESS
from cluster.lab.settings import NODE_ADDRESS
from cluster.old_platform import FIRST_PORT
from cluster.recipes_on_old_hosts import on_old_hosts
from migrator.ids import SubsystemId, WaveId
from migrator.inventory.reader import PROBES_FILE, read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.plan.model import Act, Plan, PlannedWave, Reaction, Trouble
from migrator.plan.text import plan_to_text
from migrator.planner.build import make_plan
from migrator.platform.kubernetes.objects import KubeObject, map_at, name_of, objects_at, texts_at
from small_files import FILES

FIRST_NODE_PORT: Final = 30100
LOGBOOK_PORT: Final = 9100
LOGBOOK: Final = (NODE_ADDRESS, LOGBOOK_PORT)
SERVER: Final = Path(small_server.__file__).read_text("utf-8")
DRAIN_MINUTES: Final = 0.02
OLD_FILE: Final = "old.json"

_SUBSYSTEM: Final = """\
  - id: {id}
    name: {id}
    team: blue
    kind: {kind}
    criticality: 2
    components: [{{id: {id}.app}}]
    durations:
      move: {{p50: 20m, p80: 30m}}
      verify: {{p50: 5m, p80: 10m}}
      unwind: {{p50: 10m, p80: 15m}}
"""
_PEOPLE: Final = """\
people:
  - {id: anna, name: Anna A, roles: [decision_maker, wave_lead], shifts: [now]}
  - {id: bo, name: Bo B, roles: [decision_maker], shifts: [now]}
  - {id: cia, name: Cia C, team: blue, roles: [engineer, handler], shifts: [now]}
teams:
  - {id: blue, name: Blue, seats: 80}
shifts:
"""
_LINKS: Final = (
    "id,source,target,protocol,port,data_class,calls_per_day,latency_class,criticality,evidence\n"
)


@dataclass(frozen=True, slots=True)
class Member:
    """A subsystem of the estate: its objects, of which one Service is the front."""

    name: str
    objects: tuple[KubeObject, ...]
    front: str  # the Service
    namespace: str = ""  # empty: one of its own
    kind: str = "stateless"
    wave: str = ""  # empty: where the planner wants it
    keeps_data: tuple[str, ...] = ()
    databases: tuple[KubeObject, ...] = ()  # as cutover.yaml takes them
    old_database: Mapping[str, object] | None = None  # what the old application writes to

    @property
    def space(self) -> str:
        """Its namespace."""
        return self.namespace or self.name

    @property
    def service(self) -> KubeObject:
        """The front as its team wrote it."""
        return next(
            each
            for each in self.objects
            if name_of(each).kind == "Service" and name_of(each).name == self.front
        )

    @property
    def port(self) -> KubeObject:
        """The front's only port."""
        (port,) = objects_at(self.service, "spec", "ports")
        return port

    @property
    def number(self) -> int:
        """The number that its callers use."""
        number = self.port["port"]
        assert isinstance(number, int)
        return number


@dataclass(frozen=True, slots=True)
class Estate:
    """The files of an estate, and the plan that moves it."""

    plan_file: Path
    inventory: Path
    old_file: Path
    members: tuple[Member, ...]
    links: tuple[tuple[str, str], ...] = ()
    plan: Plan | None = None
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(each.name for each in self.members))

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace that its subsystems live in, once."""
        return tuple(dict.fromkeys(each.space for each in self.members))


def an_estate(
    folder: Path,
    names: Sequence[str],
    image: str,
    *,
    links: Sequence[tuple[str, str]] = (),
    replicas: int = 1,
    waves: Sequence[Sequence[str]] | None = None,
    changes: Mapping[str, Mapping[str, object]] | None = None,
    odd: Mapping[str, Mapping[str, str]] | None = None,
    probes: Callable[[Sequence[Member]], str] | None = None,
) -> Estate:
    """A plain estate below `folder`: a Deployment for each name, a namespace for each.

    `changes` replaces keys of a subsystem's container, `waves` says who goes together, `odd` what
    a subsystem's pods do at a path, and `probes` writes probes.yaml.
    """
    wave_of = {
        name: f"w{number:02}" for number, group in enumerate(waves or (), 1) for name in group
    }
    members = [
        Member(
            name,
            (
                a_server(
                    name,
                    name,
                    image,
                    replicas=replicas,
                    changes=(changes or {}).get(name),
                    odd=(odd or {}).get(name),
                ),
                a_front(name),
            ),
            name,
            wave=wave_of.get(name, ""),
        )
        for name in names
    ]
    return estate_of(folder, members, links, probes=probes(members) if probes else "")


def estate_of(
    folder: Path,
    members: Sequence[Member],
    links: Sequence[tuple[str, str]] = (),
    *,
    retries: int = 0,
    probes: str = "",
) -> Estate:
    """Write everything below `folder`, the plan among it. `retries` is the policy's for looks.

    `probes` is the text of probes.yaml; empty: links are not looked at one by one.
    """
    inventory = write_estate(folder, members, links, probes)
    path = folder / "plan.yaml"
    plan = _plan(inventory, {each.name: each.wave for each in members if each.wave})
    plan = on_the_lab(plan, retries=retries)
    path.write_text(plan_to_text(plan), "utf-8")
    return Estate(path, inventory, folder / OLD_FILE, tuple(members), tuple(links), plan)


def write_estate(
    folder: Path,
    members: Sequence[Member],
    links: Sequence[tuple[str, str]] = (),
    probes: str = "",
) -> Path:
    """Write inventory, manifests, and the old platform's file; the inventory's folder."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    begin, end = now - timedelta(minutes=5), now + timedelta(hours=24)
    span = f"start: {begin.isoformat()}, end: {end.isoformat()}"
    by_name = {each.name: each for each in members}
    rows = [
        f"l{n},{source}.app,{target}.app,http,{by_name[target].number},internal,100,interactive,2,"
        "test\n"
        for n, (source, target) in enumerate(links)
    ]
    said = "".join(_SUBSYSTEM.format(id=each.name, kind=each.kind) for each in members)
    inventory = write_inventory(
        folder / "estate",
        subsystems=f"subsystems:\n{said}",
        relations="relations: []\n",
        functions=None,
        people=_PEOPLE + f"  - {{id: now, {span}}}\n",
        calendar=f"time_zone: Europe/Stockholm\nwindow: {{{span}}}\n",
        places=FILES["places"],
        links=_LINKS + "".join(rows) if rows else None,
    )
    if probes:
        (inventory / PROBES_FILE).write_text(probes, "utf-8")
    old: dict[str, object] = {}
    for number, member in enumerate(members):
        called = [by_name[target] for source, target in links if source == member.name]
        _write_manifests(inventory / "manifests" / member.name, member, number, called)
        old[member.name] = {
            "calls": [each.name for each in called],
            "front": [NODE_ADDRESS, FIRST_NODE_PORT + number],
            "logbook": LOGBOOK,
            "database": member.old_database,
        }
    (folder / OLD_FILE).write_text(json.dumps(old, indent=1), "utf-8")
    return inventory


def a_server(
    name: str,
    subsystem: str,
    image: str,
    *,
    port: int = 8080,
    replicas: int = 1,
    database: Mapping[str, object] | None = None,
    changes: Mapping[str, object] | None = None,
    odd: Mapping[str, str] | None = None,
) -> KubeObject:
    """A Deployment of the small server; `changes` replaces keys of its container."""
    labels: KubeObject = {"app": name}
    container = cast(
        "KubeObject", {**a_container(subsystem, image, port, database, odd), **(changes or {})}
    )
    spec: KubeObject = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "containers": [container],
                "terminationGracePeriodSeconds": 1,
            },
        },
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": spec,
    }


def a_container(
    subsystem: str,
    image: str,
    port: int,
    database: Mapping[str, object] | None = None,
    odd: Mapping[str, str] | None = None,
) -> KubeObject:
    """The container of a small server; `odd` says what it does at a path other than answer."""
    about = {
        "subsystem": subsystem,
        "side": "new",
        "port": port,
        "logbook": LOGBOOK,
        "database": database,
        "odd": odd or {},
    }
    return {
        "name": "server",
        "image": image,
        "command": ["python3", "-c", SERVER],
        "env": [{"name": "ABOUT", "value": json.dumps(about)}],
        "ports": [{"name": "main", "containerPort": port}],
        "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}},
    }


def a_front(name: str, *, number: int = 80) -> KubeObject:
    """A Service in front of the Deployment of its name."""
    ports: list[KubeObject] = [{"name": "http", "port": number, "targetPort": "main"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [*ports]},
    }


def _plan(inventory: Path, wave_of: Mapping[str, str]) -> Plan:
    found = read_inventory(inventory)
    links = read_links(found, None)
    pairs = subsystem_pairs(links, found)
    return make_plan(
        found,
        pairs,
        seed=1,
        evaluations=20,
        name="lab",
        path="estate",
        links=links,
        pins={SubsystemId(name): WaveId(wave) for name, wave in wave_of.items()},
    )


def on_the_lab(plan: Plan, *, retries: int = 0) -> Plan:
    """A plan as an engineer edits it for the lab: nothing waits, and old hosts are called by http.

    `retries` is how often a look at links is made again before it counts.
    """
    at_once = (Trouble.STEP_FAILED, Trouble.TIMED_OUT, Trouble.REFUSED)
    on = {
        **plan.policy.on,
        **{trouble: Reaction(Act.UNWIND) for trouble in at_once},
        Trouble.LINKS_REGRESSED: Reaction(Act.UNWIND, retries=retries),
        Trouble.UNDO_FAILED: Reaction(Act.HOLD, retries=2),
    }
    policy = replace(
        plan.policy,
        on=on,
        soak_minutes=0,
        drain_minutes_max=DRAIN_MINUTES,
        waves_per_attempt_max=1,
    )
    recipes = {name: on_old_hosts(recipe) for name, recipe in plan.recipes.items()}
    return replace(plan, policy=policy, recipes=recipes, waves=tuple(_without_soak(plan)))


def _without_soak(plan: Plan) -> Iterator[PlannedWave]:
    """The waves of a plan whose moves end without the time in which nothing is done."""
    soak = timedelta(minutes=plan.policy.soak_minutes)
    for wave in plan.waves:
        yield replace(wave, moves=tuple(replace(m, end=m.end - soak) for m in wave.moves))


def _write_manifests(folder: Path, member: Member, number: int, called: Sequence[Member]) -> None:
    folder.mkdir(parents=True)
    (folder / "objects.yaml").write_text(
        "\n---\n".join(json.dumps(each, indent=1) for each in _wired(member, number, called)),
        "utf-8",
    )
    port = str(member.port.get("name", ""))
    cutover = {
        "namespace": member.space,
        "fronts": [
            {
                "service": member.front,
                "old": [{"port": port, "addresses": [OLD_ADDRESS], "number": FIRST_PORT + number}],
                "identity": {"port": port, "path": "/", "old": "side=old", "new": "side=new"},
            }
        ],
        "databases": [*member.databases],
        "keeps_data": [*member.keeps_data],
    }
    (folder / "cutover.yaml").write_text(json.dumps(cutover, indent=1), "utf-8")


def _wired(member: Member, number: int, called: Sequence[Member]) -> Iterator[KubeObject]:
    """The objects with what they call, and the front at a port of the nodes for its bridge."""
    calls = {
        each.name: [f"{each.front}.{each.space}.svc.cluster.local.", each.number] for each in called
    }
    chosen = texts_at(member.service, "spec", "selector")
    for each in member.objects:
        spec = map_at(each, "spec")
        if each is member.service:
            port: KubeObject = {**member.port, "nodePort": FIRST_NODE_PORT + number}
            yield {**each, "spec": {**spec, "type": "NodePort", "ports": [port]}}
        elif texts_at(spec, "template", "metadata", "labels").items() >= chosen.items():
            yield _calling(each, json.dumps(calls))
        else:
            yield each


def _calling(deployment: KubeObject, calls: str) -> KubeObject:
    made: KubeObject = json.loads(json.dumps(deployment))
    for container in objects_at(made, "spec", "template", "spec", "containers"):
        container["env"] = [*objects_at(container, "env"), {"name": "CALLS", "value": calls}]
    return made
