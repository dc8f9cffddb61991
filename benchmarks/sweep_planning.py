"""How long a sweep of one wave takes to plan, and how much memory a whole estate's.

The sample estate of 1,000 subsystems, seeded, its links checked beforehand. Measured is what a run
waits for: the request goes to a new process, and the folder stands there with the map from links
to looks, the looks and every vantage point's lines. Once more without the process's own start and
imports, as seen inside it. Every second look is made from one of 40 old hosts, the others from a
pod of each subsystem. The peer does the least of it: pyarrow picks the wave's links and a dict the
looks, without a sample, rules, order, reasons or a map.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, cast

from migrator.ids import ComponentId, SubsystemId
from migrator.probes.asking import ask_now
from migrator.probes.facts import SweepFacts, declared_facts
from migrator.probes.model import (
    Address,
    Answers,
    Caps,
    CheckRule,
    Declared,
    InPod,
    Match,
    OverSsh,
    Patience,
    Stand,
    VantagePoint,
)
from migrator.probes.requests import DeclaredAnswer, EstateFacts, PlanRequest

ROUNDS: Final = 5
SUBSYSTEMS: Final = 1_000
LARGE, MIDDLE = 5_000_000, 1_000_000
WAVE: Final = 40
HOSTS: Final = 40
SECONDS_MAX: Final = 2.0
MEMORY_MB_MAX: Final = 500


def main() -> None:
    """Make the estates, measure, print one line per figure."""
    with tempfile.TemporaryDirectory(prefix="sweep-planning-") as name:
        folder = Path(name)
        estate = an_estate(folder, LARGE)
        request = a_request(folder, estate, wave=True)
        asked, inside, worked = [], [], []
        facts: object = None
        for number in range(ROUNDS + 1):  # the first one fills the machine's caches
            began, before = time.perf_counter(), worked_by_children()
            facts = ask_now("plan", {**request, "id": f"asked-{number}"})
            seconds = time.perf_counter() - began
            if number:
                asked.append(seconds)
                worked.append(worked_by_children() - before)
                inside.append(measured({**request, "id": f"inside-{number}"})[0])
            shutil.rmtree(folder / "sweeps")
        plan = cast("SweepFacts", facts)
        peer, peer_worked = plain_python(folder, request)
        size = f"{LARGE:,} links, a wave of {WAVE} of {SUBSYSTEMS:,} subsystems"
        what = f"({plan['links']:,} links in scope, {plan['looks']:,} looks)"
        whole, cpu = statistics.median(asked), statistics.median(worked)
        report(f"plan a sweep, with its process, {size} {what}", whole, "s", SECONDS_MAX, peer)
        report(f"plan a sweep, work of the processor, {size}", cpu, "s", None, peer_worked)
        within = statistics.median(inside)
        report(f"plan a sweep, inside its process, {size}", within, "s", SECONDS_MAX)
    with tempfile.TemporaryDirectory(prefix="sweep-planning-") as name:
        folder = Path(name)
        request = a_request(folder, an_estate(folder, MIDDLE), wave=False)
        seconds, megabytes = measured({**request, "id": "whole"})
        size = f"{MIDDLE:,} links, all of them"
        report(f"plan a sweep, peak memory of the process, {size}", megabytes, "MB", MEMORY_MB_MAX)
        report(f"plan a sweep, inside its process, {size}", seconds, "s", None)


def report(
    figure: str, value: float, unit: str, goal: float | None, peer: float | None = None
) -> None:
    """Print one figure."""
    line = {
        "figure": figure,
        "value": round(value, 3 if unit == "s" else 1),
        "unit": unit,
        "goal": goal,
        "ok": goal is None or value <= goal,
        "peers": {} if peer is None else {"pyarrow's filter and a dict, nothing else": peer},
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)


def an_estate(folder: Path, links: int) -> EstateFacts:
    """A sample estate whose links were checked."""
    program = Path(sys.executable).parent / "migrator"
    counts = ["--links", str(links), "--subsystems", str(SUBSYSTEMS), "--seed", "1", "--parquet"]
    subprocess.run([program, "sample", folder / "estate", *counts], check=True, capture_output=True)
    asked = {
        "inventory": str(folder / "estate"),
        "cache": str(folder / "cache"),
        "today": "2023-10-13",
    }
    return cast("DeclaredAnswer", ask_now("declared", asked))["estate"]


def a_request(folder: Path, estate: EstateFacts, *, wave: bool) -> PlanRequest:
    """A baseline of a wave, or of everything, with a tenth of the estate already moved."""
    subsystems = sorted({*estate["owners"].values()})
    return {
        "id": "",
        "sweeps": str(folder / "sweeps"),
        "purpose": "baseline",
        "scope": "w03" if wave else "",
        "members": subsystems[100 : 100 + WAVE] if wave else [],
        "sides": dict.fromkeys(subsystems[:100], "new"),
        "seed": 1,
        "today": "2023-10-13",
        "estate": estate,
        "declared": declared_facts(a_declaration(estate["owners"])),
    }


def a_declaration(owners: dict[ComponentId, SubsystemId]) -> Declared:
    """Addresses for every component, old hosts and pods that speak, one rule for each protocol."""
    subsystems = sorted({*owners.values()})
    hosts: list[VantagePoint] = [OverSsh(f"host-{n}", f"host-{n}.example") for n in range(HOSTS)]
    pods = [InPod(f"pod-{name}", name, f"Deployment/{name}") for name in subsystems]
    addresses = {}
    for number, name in enumerate(sorted(owners)):
        old = Address(f"10.{number // 60_000}.{number // 250 % 240}.{number % 250 + 1}")
        new = Address(f"{name}.svc.cluster.local")
        addresses[name] = Answers(old, old, new, new)
    return Declared(
        allow=("10.0.0.0/8",),
        caps=Caps(),
        patience=Patience(),
        vantages=(*hosts, *pods),
        stands=tuple(
            Stand(None, name, f"host-{number % HOSTS}", f"pod-{name}")
            for number, name in enumerate(subsystems)
        ),
        addresses=addresses,
        checks=tuple(
            CheckRule(Match(protocol=protocol), "tcp", old="side=old", new="side=new", seconds=2.0)
            for protocol in ("https", "jdbc", "amqp", "grpc")
        ),
        sample=0.02,
    )


def measured(request: PlanRequest) -> tuple[float, float]:
    """Seconds and megabytes of a new process that plans, as it sees them itself."""
    command = [sys.executable, __file__, "inside"]
    text = json.dumps(request)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return found["seconds"], found["megabytes"]


def inside() -> None:
    """Be that process."""
    import duckdb  # noqa: F401 - its import is the process's start

    from migrator.probes import planning  # noqa: F401 - the same
    from migrator.probes.child import answered

    request = json.loads(sys.stdin.read())
    began = time.perf_counter()
    _, code = answered("plan", request)
    seconds = time.perf_counter() - began
    assert code == 0, "the plan was made"
    # Not getrusage: a child inherits the peak of the process that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    megabytes = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "megabytes": megabytes}))


def worked_by_children() -> float:
    """Seconds of the processor that ended children took: what a busy machine does not change."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def plain_python(folder: Path, request: PlanRequest) -> tuple[float, float]:
    """A new process that picks links with pyarrow and looks with a dict: its seconds, its work."""
    owners, members = request["estate"]["owners"], {*request["members"]}
    (folder / "peer.json").write_text(
        json.dumps(
            {
                "links": request["estate"]["links"],
                "members": sorted(name for name, owner in owners.items() if owner in members),
                "out": str(folder / "peer.jsonl"),
            }
        ),
        "utf-8",
    )
    began, before = time.perf_counter(), worked_by_children()
    subprocess.run([sys.executable, "-c", _PEER, folder / "peer.json"], check=True)
    return round(time.perf_counter() - began, 3), round(worked_by_children() - before, 3)


_PEER: Final = """
import json, sys
import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
asked = json.load(open(sys.argv[1]))
columns = ["id", "source", "target", "protocol", "port", "criticality"]
table = pq.read_table(asked["links"], columns=columns)
members = pa.array(asked["members"])
touched = pc.or_(pc.is_in(table["source"], members), pc.is_in(table["target"], members))
looks = {}
for row in table.filter(touched).to_pylist():
    key = (row["source"], row["target"], row["protocol"], row["port"])
    looks[key] = max(looks.get(key, 0), row["criticality"])
with open(asked["out"], "w") as out:
    for (source, target, protocol, port), criticality in looks.items():
        out.write(json.dumps({"host": target, "port": port, "kind": protocol}) + "\\n")
"""


if __name__ == "__main__":
    inside() if sys.argv[1:] == ["inside"] else main()
