"""An estate that moves onto the lab: its inventory, its manifests, and its plan, as files.

Each subsystem is one Deployment of small servers behind one front Service, and a listener of the
old platform (`old_platform.py`). The plan's recipes perform what happens on old hosts by http, and
leave the rest to the cluster. Nothing waits: no soak, short drains, one attempt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from builders import write_inventory
from cluster.lab.parts import OLD_ADDRESS
from cluster.old_platform import CONTROL_PORT, FIRST_PORT
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.plan.means import Call, InDoubt, Means
from migrator.plan.model import Act, Plan, Reaction, Recipe, StepKind, Trouble, UndoKind
from migrator.plan.text import plan_to_text
from migrator.planner.build import make_plan
from small_files import FILES

CONTROL: Final = f"http://{OLD_ADDRESS}:{CONTROL_PORT}"

SERVER: Final = """
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = ("side=new subsystem=" + sys.argv[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("", 8080), Answer).serve_forever()
"""

OLD_SIDE: Final = frozenset({StepKind.QUIESCE.value, StepKind.FENCE.value})
OLD_SIDE_UNDO: Final = frozenset({UndoKind.START_SOURCE.value, UndoKind.GRANT_SOURCE.value})

_SUBSYSTEM: Final = """\
  - id: {id}
    name: {id}
    team: blue
    kind: stateless
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
  - {id: blue, name: Blue, seats: 40}
shifts:
"""


@dataclass(frozen=True, slots=True)
class Estate:
    """The files of an estate, and the plan that moves it."""

    plan_file: Path
    inventory: Path
    names: tuple[str, ...]


def an_estate(
    folder: Path,
    names: Sequence[str],
    image: str,
    *,
    links: Sequence[tuple[str, str]] = (),
    replicas: int = 1,
    waves: Sequence[Sequence[str]] | None = None,
    changes: Mapping[str, Mapping[str, object]] | None = None,
) -> Estate:
    """Write everything below `folder`. `changes` replaces keys of a subsystem's container."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    begin, end = now - timedelta(minutes=5), now + timedelta(hours=12)
    span = f"start: {begin.isoformat()}, end: {end.isoformat()}"
    rows = [
        f"l{n},{source}.app,{target}.app,http,8080,internal,100,interactive,2,test\n"
        for n, (source, target) in enumerate(links)
    ]
    header = (
        "id,source,target,protocol,port,data_class,calls_per_day,latency_class,criticality,evidence"
    )
    inventory = write_inventory(
        folder / "estate",
        subsystems="subsystems:\n" + "".join(_SUBSYSTEM.format(id=name) for name in names),
        relations="relations: []\n",
        functions=None,
        people=_PEOPLE + f"  - {{id: now, {span}}}\n",
        calendar=f"time_zone: Europe/Stockholm\nwindow: {{{span}}}\n",
        places=FILES["places"],
        links=f"{header}\n{''.join(rows)}" if rows else None,
    )
    for number, name in enumerate(names):
        own = (changes or {}).get(name, {})
        _write_manifests(inventory, name, FIRST_PORT + number, image, replicas, own)
    path = folder / "plan.yaml"
    path.write_text(plan_to_text(_plan(inventory, waves)), "utf-8")
    return Estate(path, inventory, tuple(names))


def _plan(inventory: Path, waves: Sequence[Sequence[str]] | None) -> Plan:
    found = read_inventory(inventory)
    links = read_links(found, None)
    pairs = subsystem_pairs(links, found)
    plan = make_plan(found, pairs, seed=1, evaluations=20, name="lab", path="estate", links=links)
    at_once = (Trouble.STEP_FAILED, Trouble.TIMED_OUT, Trouble.LINKS_REGRESSED, Trouble.REFUSED)
    on = {
        **plan.policy.on,
        **{trouble: Reaction(Act.UNWIND) for trouble in at_once},
        Trouble.UNDO_FAILED: Reaction(Act.HOLD, retries=2),
    }
    policy = replace(
        plan.policy, on=on, soak_minutes=0, drain_minutes_max=0.02, waves_per_attempt_max=1
    )
    recipes = {name: on_old_hosts(recipe) for name, recipe in plan.recipes.items()}
    del waves
    return replace(plan, policy=policy, recipes=recipes)


def on_old_hosts(recipe: Recipe) -> Recipe:
    """The recipe with an http call for every act that happens on the old side."""

    def means(key: str) -> Means | None:
        if key not in OLD_SIDE | OLD_SIDE_UNDO:
            return None
        wanted = "fenced" if key in OLD_SIDE else "open"
        address = f"{CONTROL}/{{subsystem}}"
        return Means(
            InDoubt.OBSERVE,
            call=Call("POST", f"{address}/{key}"),
            observe_call=Call("GET", address, done_when=f"state={wanted}"),
        )

    return replace(
        recipe,
        steps=tuple(replace(step, means=means(step.key)) for step in recipe.steps),
        unwind=tuple(replace(undo, means=means(undo.key)) for undo in recipe.unwind),
    )


def _write_manifests(
    inventory: Path,
    name: str,
    port: int,
    image: str,
    replicas: int,
    changes: Mapping[str, object],
) -> None:
    folder = inventory / "manifests" / name
    folder.mkdir(parents=True)
    container = {
        "name": "server",
        "image": image,
        "command": ["python3", "-c", SERVER, name],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}},
        **changes,
    }
    labels = {"app": name}
    objects = [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {
                "selector": labels,
                "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
            },
        },
    ]
    for each in objects:
        (folder / f"{each['kind']}.yaml".lower()).write_text(json.dumps(each, indent=1), "utf-8")
    cutover = {
        "fronts": [
            {
                "service": name,
                "old": [{"port": "http", "addresses": [OLD_ADDRESS], "number": port}],
                "identity": {"port": "http", "path": "/", "old": "side=old", "new": "side=new"},
            }
        ]
    }
    (folder / "cutover.yaml").write_text(json.dumps(cutover, indent=1), "utf-8")
