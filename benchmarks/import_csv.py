"""How long five million rows of a CSV take to become links in an inventory, and with what memory.

Each round is a new process that runs `import_csv` from its first import to the written folder:
looking the whole file through (encoding, lines, digest), reading every row with its line number,
times and counts, names and addresses to components, links summed to calls per day, links.csv or
links.parquet, coverage. Beside it, round by round, DuckDB alone reads the same file and groups it
by the same columns: nothing checked, nothing written. Both have two threads. The rows are made
here, seeded: some 3,000 hosts, Pareto traffic. `many links` is the same number of rows over a
million and a half of links; `line breaks` has a quoted line break in some rows, which only the
exact way may number.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

ROWS: Final = 5_000_000
BLOCK_ROWS: Final = 250_000
HOSTS: Final = 3_000
ROUNDS: Final = 3
MEMORY_MB_MAX: Final = 500
TIMES_PLAIN_MAX: Final = 4.0
"""Times plain reading, in processor time, which says the same on a machine that others use, too:
every byte is looked at twice, every row is numbered and checked, the links are written."""

MAP: Final = """\
columns:
  source: Source
  source_ip: Source IP
  target: Destination
  target_ip: Destination IP
  protocol: Protocol
  port: Port
  calls: Count
  first_seen: Time
hosts: {strip_domain: example.test, subsystem: '^(app-[0-9]+)-'}
"""
PLAIN: Final = """
import sys, time, duckdb
began = time.perf_counter()
connection = duckdb.connect(config={"threads": 2})
connection.execute("SET enable_progress_bar = false")
connection.execute(
    'SELECT count(*) FROM (SELECT Source, "Source IP", Destination, "Destination IP", Protocol,'
    ' Port, count(*), sum(Count), min(Time), max(Time) FROM read_csv($1) GROUP BY ALL)',
    [sys.argv[1]],
).fetchall()
print(time.perf_counter() - began, time.process_time())
"""


def main() -> None:
    """Make the files, measure, print one line per figure."""
    for form, pairs, rounds in (
        ("usual", 40_000, ROUNDS),
        ("many links", 1_500_000, 1),
        ("line breaks", 40_000, 1),
    ):
        with tempfile.TemporaryDirectory(prefix="import-csv-") as name:
            folder = Path(name)
            make_file(folder / "flows.csv", pairs, breaks=form == "line breaks")
            (folder / "map.yaml").write_text(MAP, encoding="utf-8")
            measure(folder, form, rounds)


def measure(folder: Path, form: str, rounds: int) -> None:
    """Run ours and the plain reading in turns; print the figures."""
    size = (folder / "flows.csv").stat().st_size / 1e6
    ours: list[float] = []
    plain: list[float] = []
    effort: list[float] = []
    memory: list[float] = []
    links = 0
    for number in range(rounds):
        said = run([sys.executable, "-c", PLAIN, str(folder / "flows.csv")])
        beside, work_beside = map(float, said.split())
        plain.append(beside)
        found = json.loads(run([sys.executable, __file__, str(folder), str(number)]))
        ours.append(found["seconds"])
        effort.append(found["cpu"] / work_beside)
        memory.append(found["megabytes"])
        links = found["links"]
    seconds = round(statistics.median(ours), 2)
    what = f"{ROWS:,} CSV rows ({size:.0f} MB, {form}) into {links:,} links in a folder"
    exact = form == "line breaks"
    report(
        what, seconds, "s", None, {"DuckDB, read and group by": round(statistics.median(plain), 2)}
    )
    # The exact way is there to be right about odd files; its pace is known and has no goal.
    goal = None if exact else TIMES_PLAIN_MAX
    times = round(statistics.median(effort), 2)
    report(f"{what}, processor time against plain DuckDB", times, "x", goal)
    report(f"{what}, peak memory of the process", round(max(memory), 1), "MB", MEMORY_MB_MAX)


def report(
    figure: str, value: float, unit: str, goal: float | None, peers: dict[str, float] | None = None
) -> None:
    """Print one figure; less is better in all of them."""
    line = {
        "figure": figure,
        "value": value,
        "unit": unit,
        "goal": goal,
        "ok": goal is None or value <= goal,
        "peers": peers or {},
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)


def run(command: list[str]) -> str:
    """Run a child; give what it prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def child(folder: Path, number: str) -> None:
    """Be one measured process."""
    began = time.perf_counter()
    from migrator.importers.csv_links import import_csv
    from migrator.importers.table_import import Wanted

    wanted = Wanted(folder / f"out-{number}", "benchmark")
    outcome = import_csv([folder / "flows.csv"], folder / "map.yaml", wanted)
    seconds = time.perf_counter() - began
    assert outcome.summary["rows"] == ROWS, outcome.summary
    # Not getrusage: a child inherits the peak of the process that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    megabytes = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    links = outcome.summary["links"]
    found = {"seconds": seconds, "megabytes": megabytes, "links": links}
    print(json.dumps({**found, "cpu": time.process_time()}))


def make_file(path: Path, pairs: int, *, breaks: bool) -> None:
    """Write seeded rows, block by block."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pc

    chance = np.random.default_rng(20260301)
    names = np.array([f"app-{i // 4:04d}-{i % 4}.example.test" for i in range(HOSTS)])
    addresses = np.array([f"10.{i // 250}.{i % 250}.7" for i in range(HOSTS)])
    source = chance.integers(0, HOSTS, pairs)
    target = chance.integers(0, HOSTS, pairs)
    port = chance.choice([443, 5432, 8080, 1521, 9092, 22], pairs)
    begin = np.datetime64("2026-03-01T00:00:00")
    writer: pc.CSVWriter | None = None
    for _ in range(0, ROWS, BLOCK_ROWS):
        if pairs > 100_000:
            pair = chance.integers(0, pairs, BLOCK_ROWS)
        else:
            heavy = chance.pareto(1.1, BLOCK_ROWS) * pairs / 50
            pair = np.minimum(heavy.astype("int64"), pairs - 1)
        moments = begin + chance.integers(0, 14 * 86_400, BLOCK_ROWS).astype("timedelta64[s]")
        columns: dict[str, object] = {
            "Time": np.datetime_as_string(moments),
            "Source": names[source[pair]],
            "Source IP": addresses[source[pair]],
            "Destination": names[target[pair]],
            "Destination IP": addresses[target[pair]],
            "Protocol": np.repeat("TCP", BLOCK_ROWS),
            "Port": port[pair],
            "Count": chance.integers(1, 50, BLOCK_ROWS),
        }
        if breaks:
            odd = chance.random(BLOCK_ROWS) < 0.001
            columns["Note"] = np.where(odd, "two\nlines", "one")
        table = pa.table(columns)
        writer = writer or pc.CSVWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None, "there are rows"
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(Path(sys.argv[1]), sys.argv[2])
    else:
        main()
