"""How long links take to be checked and summed to pairs, and how much memory it needs.

Each round is a new process. What is measured in it, once the interpreter runs and the inventory is
in memory: importing `links/` and DuckDB, reading and checking every row against the estate's
components (unknown ends, doubled ids, ranges), the digest, the checked Parquet copy, and the pairs
with their weights. The files are in the page cache and the bytecode is compiled, as on the second
day of use; nothing was checked before, so migrator's own cache is empty in every round but the one
that is named so. The data are made here, seeded: names of ordinary length, Pareto calls, hubs. The
Parquet files are written in row groups of 65,536 rows, and once in a single group, which only one
core can read.
"""

from __future__ import annotations

import csv
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from migrator.inventory.model import Inventory

ROUNDS: Final = 7
SMALL: Final = (340_000, 77)
LARGE: Final = (10_000_000, 1_000)
BLOCK_ROWS: Final = 65_536
PARTS: Final = ("web", "api", "db", "queue")
PARTNERS: Final = 14
MEMORY_MB_MAX: Final = 300


def main() -> None:
    """Make the files, measure, print one line per figure."""
    with tempfile.TemporaryDirectory(prefix="links-ingest-") as name:
        folder = Path(name)
        links, subsystems = SMALL
        make_files(folder, links, subsystems)
        peers = {"Python's csv module and a dict, nothing checked": plain_python(folder)}
        size = f"{links:,} links, {subsystems} subsystems"
        report(f"check + aggregate, CSV, {size}", measure(folder, "csv", subsystems), 1.0, peers)
        found = measure(folder, "parquet", subsystems)
        report(f"check + aggregate, Parquet, {size}", found, 0.3)
        one_group(folder)
        found = measure(folder, "parquet", subsystems)
        report(f"check + aggregate, Parquet in one row group, {size}", found, 0.3)
        found = measure(folder, "csv", subsystems, cached=True)
        report(f"aggregate, CSV checked before, {size}", found, 0.3)
    with tempfile.TemporaryDirectory(prefix="links-ingest-") as name:
        folder = Path(name)
        links, subsystems = LARGE
        size = f"{links:,} links, {subsystems:,} subsystems"
        make_files(folder, links, subsystems)
        for form in ("csv", "parquet"):
            # There is no goal yet for a time at this size; it is measured to be known.
            found = measure(folder, form, subsystems, rounds=1)
            report(f"check + aggregate, {form}, {size}", found, None)


def report(
    figure: str,
    found: tuple[float, float, int],
    goal_seconds: float | None,
    peers: dict[str, float] | None = None,
) -> None:
    """Print the two figures of one measurement."""
    seconds, megabytes, pairs = found
    for name, value, unit, goal in (
        (f"{figure} ({pairs:,} pairs)", seconds, "s", goal_seconds),
        (f"{figure}, peak memory of the process", megabytes, "MB", MEMORY_MB_MAX),
    ):
        line = {
            "figure": name,
            "value": value,
            "unit": unit,
            "goal": goal,
            "ok": goal is None or value <= goal,
            "peers": peers or {} if unit == "s" else {},
        }
        print(json.dumps(line, ensure_ascii=False), flush=True)


def measure(
    folder: Path, form: str, subsystems: int, *, rounds: int = ROUNDS, cached: bool = False
) -> tuple[float, float, int]:
    """Run the child several times; the median of its seconds, the most of its memory."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times, memory, pairs = [], [], 0
    warming = 1 if rounds > 1 else 0  # the first of several rounds fills the machine's caches
    for number in range(warming + rounds):
        cache = folder / ("cache" if cached else f"cache-{number}")
        command = [sys.executable, __file__, str(folder), form, str(subsystems), str(cache)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        pairs = found["pairs"]
        if number >= warming:
            times.append(found["seconds"])
            memory.append(found["megabytes"])
    return round(statistics.median(times), 3), round(max(memory), 1), pairs


def child(folder: Path, form: str, subsystems: int, cache: Path) -> None:
    """Be one measured process: everything from the first import to the pairs."""
    inventory = an_estate(folder, subsystems, f"links.{form}")
    began = time.perf_counter()
    from migrator.links.load import read_links
    from migrator.links.pairs import subsystem_pairs

    pairs = subsystem_pairs(read_links(inventory, cache), inventory)
    seconds = time.perf_counter() - began
    # Not getrusage: a child inherits the peak of the process that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    megabytes = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "megabytes": megabytes, "pairs": len(pairs)}))


def an_estate(folder: Path, subsystems: int, links_file: str) -> Inventory:
    """An inventory with nothing in it but subsystems of four components each."""
    from migrator.ids import ComponentId, SubsystemId, TeamId
    from migrator.inventory import model

    team = TeamId("team")
    instant = datetime(2023, 10, 13, 18, tzinfo=UTC)
    return model.Inventory(
        name="benchmark",
        owner="nobody",
        folder=folder,
        subsystems=tuple(
            model.Subsystem(
                id=SubsystemId(name),
                name=name,
                team=team,
                kind=model.Kind.STATELESS,
                criticality=3,
                data_classes=(),
                components=tuple(
                    model.Component(ComponentId(f"{name}.{part}"), part, "process", None)
                    for part in PARTS
                ),
                durations={},
                failure_probability=0.0,
                cpu=1,
                memory_gib=1,
                copy_gib=0,
                irreversible=None,
                reason=None,
                review_date=None,
                tags=(),
                assumed=(),
            )
            for name in names(subsystems)
        ),
        relations=(),
        functions=(),
        people=model.People((), (), ()),
        calendar=model.Calendar("UTC", instant, instant, (), ()),
        places=(),
        assumptions=model.Assumptions({}, 0.0, team, 1, model.Estimate(1, 1)),
        links_file=Path(links_file),
    )


def names(subsystems: int) -> list[str]:
    """The subsystems' ids, of the length that people give."""
    return [f"benefit-{number:04d}" for number in range(subsystems)]


def make_files(folder: Path, links: int, subsystems: int) -> None:
    """Write the same seeded rows as CSV and as Parquet, block by block."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    chance = np.random.default_rng(20231013)
    parts = np.array([f"{name}.{part}" for name in names(subsystems) for part in PARTS])
    # Some fourteen partners for each subsystem, as in estates that were measured; hubs have more.
    share = 1 / (np.arange(subsystems) + 1) ** 0.7
    share /= share.sum()
    callers = chance.integers(0, subsystems, subsystems * PARTNERS)
    called = chance.choice(subsystems, subsystems * PARTNERS, p=share)
    texts = {
        "protocol": ["https", "jdbc", "mq", "sftp"],
        "data_class": ["personal", "internal", "public"],
        "latency_class": ["batch", "async", "interactive", "transactional"],
    }
    writers: list[pc.CSVWriter | pq.ParquetWriter] = []
    for start in range(0, links, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, links - start)
        pair = chance.integers(0, subsystems * PARTNERS, rows)
        columns: dict[str, object] = {
            "id": [f"l-{number:08d}" for number in range(start, start + rows)],
            "source": parts[callers[pair] * len(PARTS) + chance.integers(0, len(PARTS), rows)],
            "target": parts[called[pair] * len(PARTS) + chance.integers(0, len(PARTS), rows)],
            "protocol": chance.choice(texts["protocol"], rows),
            "port": chance.integers(1, 65_536, rows),
            "data_class": chance.choice(texts["data_class"], rows),
            "calls_per_day": (chance.pareto(1.1, rows) * 10).clip(0, 1e9).astype("int64"),
            "latency_class": chance.choice(texts["latency_class"], rows),
            "criticality": chance.integers(1, 6, rows),
            "evidence": [f"firewall log {number}" for number in chance.integers(0, 997, rows)],
        }
        table = pa.table(columns)
        if not writers:
            writers = [
                pc.CSVWriter(folder / "links.csv", table.schema),
                pq.ParquetWriter(folder / "links.parquet", table.schema),
            ]
        for writer in writers:
            writer.write_table(table)
    for writer in writers:
        writer.close()


def one_group(folder: Path) -> None:
    """Write the Parquet file again as pyarrow does unless told otherwise: in one row group."""
    import pyarrow.parquet as pq

    path = folder / "links.parquet"
    pq.write_table(pq.read_table(path), path, row_group_size=100_000_000)


def plain_python(folder: Path) -> float:
    """Sum the same weights the plain way, without one check; the best of three, in seconds."""
    latency = {"batch": 1, "async": 2, "interactive": 4, "transactional": 8}
    best = math.inf
    for _ in range(3):
        began = time.perf_counter()
        weights: dict[tuple[str, str], int] = defaultdict(int)
        with (folder / "links.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                pair = (row["source"].partition(".")[0], row["target"].partition(".")[0])
                part = 1000 * int(row["criticality"]) * latency[row["latency_class"]]
                weights[pair] += round(part * math.log1p(int(row["calls_per_day"])))
        best = min(best, time.perf_counter() - began)
    return round(best, 3)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
