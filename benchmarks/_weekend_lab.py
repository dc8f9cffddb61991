"""The estate and the world of the benchmark weekend: 77 subsystems, simulated pods, an old side.

Used by `kubernetes_weekend.py`, which does the measuring. The subsystems, their kinds and who calls
whom are the sample estate's; the waves are our planner's, as large as those of the sample's plan at
most. Every subsystem is three Deployments, their settings and a front, in a namespace of its own.

What is no fake: the API server, the scheduler, the controllers, kube-proxy, the Service addresses,
the slices, and the sockets on both sides. What is one: the pods run nothing (kwok), and a single
listener answers at all of their addresses, for as long as it runs; so a pod that is gone would
still answer. The old side is one process with a listener for each subsystem. Nothing is copied: the
acts on data are calls to the old side that are answered at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from _runs import EVALUATIONS, an_estate

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from cluster.estate_on_cluster import (
    OLD_FILE,
    Estate,
    Member,
    a_front,
    on_the_lab,
    write_estate,
)
from cluster.lab.machine import run
from cluster.lab.parts import Lab
from cluster.recipes_on_old_hosts import CONTROL
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.plan.means import Call, Command, InDoubt, Means
from migrator.plan.model import Plan, Recipe, StepKind, UndoKind
from migrator.plan.text import plan_to_text, read_plan
from migrator.planner.build import make_plan
from migrator.platform.kubernetes.objects import KubeObject

PLAN: Final = Path(__file__).resolve().parents[1] / "plans" / "forsakring.yaml"
PARTS: Final = ("app", "batch", "queue")
"""The Deployments of each subsystem; the front leads to the first."""

NODES: Final = 10
FAKE_PODS: Final = "10.245.0.0/16"
"""Where the simulated pods seem to be (`tests/cluster/lab/settings.py`)."""

NUMBER: Final = 18080
NEW_SIDE: Final = "weekend-new"
DRAIN_MINUTES: Final = 1 / 60
"""The shortest that a plan file can say: a second."""

SERVER: Final = """
import asyncio, sys
async def serve(reader, writer):
    try:
        await reader.readuntil(b"\\r\\n\\r\\n")
        head = b"HTTP/1.1 200 OK\\r\\nContent-Length: 8\\r\\nConnection: close\\r\\n\\r\\n"
        writer.write(head + b"side=new")
        await writer.drain()
    except (OSError, EOFError):
        pass
    finally:
        writer.close()
async def main():
    await asyncio.start_server(serve, "0.0.0.0", int(sys.argv[1]), backlog=512)
    await asyncio.Event().wait()
asyncio.run(main())
"""

_AT_ONCE: Final = (StepKind.COPY, StepKind.FINAL_COPY, StepKind.GRANT)
_BACK_AT_ONCE: Final = (UndoKind.GRANT_SOURCE, UndoKind.DISCARD_COPY)
_NOTHING_LOST: Final = '{"complete": true, "on_target": 0, "returned": 0, "lost": []}'


def weekend_estate(folder: Path) -> Estate:
    """The estate below `folder`, with its plan."""
    kept = read_plan(PLAN)
    moving = {move.subsystem for wave in kept.waves for move in wave.moves}
    sample = an_estate()
    members = [_member(str(name), sample.legs[name].kind) for name in sorted(moving)]
    links = [
        (str(pair.source), str(pair.target))
        for pair in sample.pairs
        if pair.source in moving and pair.target in moving and pair.source != pair.target
    ]
    inventory = write_estate(folder, members, links)
    found = read_inventory(inventory)
    table = read_links(found, None)
    plan = make_plan(
        found,
        subsystem_pairs(table, found),
        seed=1,
        evaluations=EVALUATIONS,
        name="weekend",
        path=inventory.name,
        links=table,
        moves_per_wave_max=kept.constraints.moves_per_wave_max,
    )
    plan = _without_data(on_the_lab(plan))
    path = folder / "plan.yaml"
    path.write_text(plan_to_text(plan), "utf-8")
    estate = Estate(path, inventory, folder / OLD_FILE, tuple(members), tuple(links), plan)
    _silence(estate)
    return estate


@contextmanager
def new_side(lab: Lab) -> Iterator[None]:
    """Let one listener answer at the address of every simulated pod."""
    route = ["nsenter", f"--net={lab.network('lab')}", "ip", "route"]
    where = ["local", FAKE_PODS, "dev", "lo"]
    run([*route, "replace", *where])
    if lab.lives(NEW_SIDE):
        lab.kill(NEW_SIDE)  # left by a benchmark that was killed
    lab.run(NEW_SIDE, [sys.executable, "-I", "-c", SERVER, str(NUMBER)])
    try:
        yield
    finally:
        lab.kill(NEW_SIDE)
        run([*route, "del", *where])


def _member(name: str, kind: str) -> Member:
    settings: KubeObject = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{name}-settings"},
        "data": {"of": name, "side": "new"},
    }
    parts = [_deployment(name if part == PARTS[0] else f"{name}-{part}") for part in PARTS]
    return Member(name, (settings, *parts, a_front(name)), name, kind=kind)


def _deployment(name: str) -> KubeObject:
    """A Deployment of one pod on a simulated node."""
    container: KubeObject = {
        "name": "server",
        "image": "registry.invalid/server:1",
        "ports": [{"name": "main", "containerPort": NUMBER}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "containers": [container],
                    "nodeSelector": {"type": "kwok"},
                    "tolerations": [{"key": "type", "operator": "Equal", "value": "kwok"}],
                    "terminationGracePeriodSeconds": 1,
                },
            },
        },
    }


def _without_data(plan: Plan) -> Plan:
    """The plan with calls that are answered at once in the place of acts on data."""
    recipes = {name: _data_called(recipe) for name, recipe in plan.recipes.items()}
    policy = replace(plan.policy, drain_minutes_max=DRAIN_MINUTES)
    return replace(plan, recipes=recipes, policy=policy)


def _data_called(recipe: Recipe) -> Recipe:
    if not recipe.stateful:
        return recipe
    fence = Means(
        InDoubt.OBSERVE,
        call=Call("POST", f"{CONTROL}/{{subsystem}}/fence"),
        observe_call=Call("GET", f"{CONTROL}/{{subsystem}}", done_when="state=fenced"),
    )
    means = {each.value: _called(each.value) for each in (*_AT_ONCE, *_BACK_AT_ONCE)}
    means[StepKind.FENCE.value] = fence
    proof = Command(("echo", _NOTHING_LOST))
    means[UndoKind.BRING_BACK.value] = replace(_called(UndoKind.BRING_BACK.value), proof=proof)
    return replace(
        recipe,
        steps=tuple(replace(s, means=means.get(s.key, s.means)) for s in recipe.steps),
        unwind=tuple(replace(u, means=means.get(u.key, u.means)) for u in recipe.unwind),
    )


def _called(act: str) -> Means:
    return Means(InDoubt.REPEAT, call=Call("POST", f"{CONTROL}/{{subsystem}}/{act}"))


def _silence(estate: Estate) -> None:
    """The old applications do not call each other: that would measure them."""
    rows = json.loads(estate.old_file.read_text("utf-8"))
    quiet = {name: {**row, "calls": [], "logbook": None} for name, row in rows.items()}
    estate.old_file.write_text(json.dumps(quiet), "utf-8")
