"""How long it takes to explain 10,000 regressions among 500,000 links, and whether it is right.

A sweep's folder is made here, seeded: 490,000 links that answer, six planted causes (a firewall
rule with a few holes, a dead target, a protocol that one vantage point cannot speak, certificates
of one subsystem, a lost /16, a balancer with one dead member of three) and 1,000 failures that
share nothing. Each round is a new process. What is measured there is from the verdicts on disk to
the causes, with DuckDB open and numpy not yet imported; and, beside it, all of `judge`, which
reads 500,000 results of two sweeps, judges every link and writes verdicts.parquet.

A planted cause counts as found where one line explains 95 in 100 of its links or more, and nine
in ten of the links of that line are its own. Beside it stands what people do at night: count by
target, port and word, and read the first ten lines.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Texts = NDArray[np.object_]

ROUNDS: Final = 5
LINKS: Final = 500_000
SEED: Final = 20231013
SUBSYSTEMS: Final = 77
PARTS: Final = 12
TODAY: Final = date(2023, 10, 14)

PLANTED: Final = {
    "firewall rule": 4_000,
    "dead target": 1_500,
    "protocol from a vantage point": 1_500,
    "certificates": 1_000,
    "lost /16": 800,
    "balancer": 200,
    "nothing in common": 1_000,
}
SECONDS_MAX: Final = 1.0


class Figures(TypedDict):
    """What one process measured."""

    explain: float
    judge: float
    megabytes: float
    found: list[str]
    lines: int
    counted: float
    counted_share: float
    explained_share: float


def main() -> None:
    """Make the sweeps, measure in processes of their own, print one line per figure."""
    with tempfile.TemporaryDirectory(prefix="causes-") as name:
        folder = Path(name)
        make_sweeps(folder)
        rounds = [measure(folder) for _ in range(ROUNDS)]
    last = rounds[-1]
    what = f"{sum(PLANTED.values()):,} regressions among {LINKS:,} links"
    real = len(PLANTED) - 1
    show(
        f"causes of {what}",
        statistics.median(each["explain"] for each in rounds),
        "s",
        SECONDS_MAX,
        {"counting by target, port and word, s": last["counted"]},
    )
    share = {"the first ten lines of counting": last["counted_share"]}
    show(f"planted causes found, of {real}", min(len(r["found"]) for r in rounds), "", real, {})
    show("regressions explained by a fault or a weakness", last["explained_share"], "", 0.89, share)
    show(f"judging {LINKS:,} links, all of it", median(rounds, "judge"), "s", None, {})
    show("judging, peak memory", max(r["megabytes"] for r in rounds), "MB", 500, {})


def median(rounds: list[Figures], name: str) -> float:
    """The median of one figure."""
    return statistics.median(float(str(each[name])) for each in rounds)  # type: ignore[literal-required]


def show(figure: str, value: float, unit: str, goal: float | None, peers: dict[str, float]) -> None:
    """Print one figure; seconds and megabytes are better small, counts and shares large."""
    small = unit in {"s", "MB"}
    ok = goal is None or (value <= goal if small else value >= goal)
    line = {"figure": figure, "value": round(value, 3), "unit": unit, "goal": goal, "ok": ok}
    print(json.dumps({**line, "peers": peers}, ensure_ascii=False), flush=True)


def measure(folder: Path) -> Figures:
    """Run one round in a process of its own."""
    command = [sys.executable, __file__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Figures = json.loads(done.stdout)
    return found


def child(folder: Path) -> None:
    """Be one measured process."""
    from migrator.links import database
    from migrator.probes.judging import judge
    from migrator.probes.reasons import explain_worse

    now = folder / "now"
    with database.connect(folder) as connection:
        source = database.parquet(now / "judged.parquet")
        connection.execute(f"CREATE VIEW judged AS SELECT * FROM {source}")  # noqa: S608 - ours
        began = time.perf_counter()
        explained, _ = explain_worse(connection)
        explain_seconds = time.perf_counter() - began
        rows = connection.execute(
            "SELECT c.cause, j.target, j.port, j.word, j.link FROM link_causes AS c"
            " JOIN judged AS j ON j.link = c.link"
        ).fetchall()
    began = time.perf_counter()
    counted = Counter((target, port, word) for _, target, port, word, _ in rows).most_common(10)
    counted_seconds = time.perf_counter() - began
    truth: dict[str, str] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    kinds = [cause.kind for cause in explained.causes]
    real = [cause is not None and kinds[cause] != "symptom" for cause, *_ in rows]
    began = time.perf_counter()
    judge(now, baseline=folder / "before", untestable=(), waived=(), today=TODAY)
    judge_seconds = time.perf_counter() - began
    status = Path("/proc/self/status").read_text(encoding="ascii")
    figures = Figures(
        explain=explain_seconds,
        judge=judge_seconds,
        megabytes=int(status.partition("VmHWM:")[2].split()[0]) / 1024,
        found=found_causes({str(link): cause for cause, _, _, _, link in rows}, truth),
        lines=len(explained.causes),
        counted=round(counted_seconds, 3),
        counted_share=round(sum(number for _, number in counted) / len(rows), 3),
        explained_share=round(sum(real) / len(rows), 3),
    )
    print(json.dumps(figures))


def found_causes(cause_of: dict[str, int | None], truth: dict[str, str]) -> list[str]:
    """The planted causes that one line stands for."""
    lines = Counter(cause for cause in cause_of.values() if cause is not None)
    found = []
    for name, number in PLANTED.items():
        own = Counter(cause_of[link] for link, planted in truth.items() if planted == name)
        line, hits = own.most_common(1)[0]
        if line is not None and hits >= 0.95 * number and hits >= 0.9 * lines[line]:
            found.append(name)
    return [name for name in found if name != "nothing in common"]


# --- The sweeps ------------------------------------------------------------------------------


def make_sweeps(folder: Path) -> None:
    """Write the baseline, in which everything answers, and the sweep with what is planted."""
    import numpy as np

    chance = np.random.default_rng(SEED)
    columns, planted = an_estate(chance)
    columns["link"] = np.array([f"l-{number:06}" for number in range(LINKS)], dtype=object)
    columns["look"] = np.array([f"k-{number:06}" for number in range(LINKS)], dtype=object)
    words = np.where(planted == "", "ok", "timeout").astype(object)
    for name, word in (
        ("dead target", "refused"), ("certificates", "tls"), ("balancer", "reset"),
        ("protocol from a vantage point", "refused"), ("lost /16", "unreachable"),
    ):  # fmt: skip
        words[planted == name] = word
    alone = np.flatnonzero(planted == "nothing in common")
    words[alone] = chance.choice(["timeout", "refused", "reset", "status"], len(alone))
    write_sweep(folder / "before", columns, np.full(LINKS, "ok", dtype=object))
    write_sweep(folder / "now", columns, words)
    where = np.flatnonzero(planted != "")
    truth = {str(columns["link"][place]): str(planted[place]) for place in where}
    (folder / "truth.json").write_text(json.dumps(truth), encoding="utf-8")


def an_estate(chance: np.random.Generator) -> tuple[dict[str, Texts], Texts]:
    """Give the attributes of every link, and which cause is planted in it (empty: none)."""
    import numpy as np

    names = [f"benefit-{number:02}" for number in range(SUBSYSTEMS)]
    parts = [f"{name}.p{part:02}" for name in names for part in range(PARTS)]
    ports = ["443", "8443", "5432", "1521", "1414", "22", "25", "6379"]
    vantages = [f"old-{number:02}" for number in range(40)]
    # Ten targets a /24 and ten of these a /16; a target keeps its address.
    home = {
        part: f"10.{20 + i // 100}.{i // 10 % 10}.{10 + i % 10}" for i, part in enumerate(parts)
    }

    def pick(values: list[str], rows: int) -> Texts:
        share = 1 / (np.arange(len(values)) + 1) ** 0.6  # hubs have more
        drawn = chance.choice(len(values), rows, p=share / share.sum())
        return np.array(values, dtype=object)[drawn]

    columns = {
        "source": pick(parts, LINKS), "target": pick(parts, LINKS), "port": pick(ports, LINKS),
        "vantage": pick(vantages, LINKS),
    }  # fmt: skip
    planted = np.full(LINKS, "", dtype=object)
    inside = np.zeros(LINKS, dtype=bool)  # a planted cause's rows, also those that still answer
    place = 0

    def of(beginning: str) -> list[str]:
        return [part for part, address in home.items() if address.startswith(beginning)]

    forced: list[tuple[str, int, dict[str, list[str]]]] = [
        ("firewall rule", 4_040, {"source": [f"benefit-05.p{i:02}" for i in range(PARTS)],
                                  "target": of("10.21.3."), "port": ["1521"]}),
        ("dead target", 1_500, {"target": ["benefit-60.p03"]}),
        ("protocol from a vantage point", 1_500, {"vantage": ["old-07"], "port": ["1414"]}),
        ("certificates", 1_000, {"target": [f"benefit-40.p{i:02}" for i in range(PARTS)],
                                 "port": ["8443"]}),
        ("lost /16", 800, {"target": of("10.28.")}),
        ("balancer", 600, {"target": ["benefit-30.p01"]}),
    ]  # fmt: skip
    for name, rows, values in forced:
        for column, allowed in values.items():
            columns[column][place : place + rows] = pick(allowed, rows)
        planted[place : place + PLANTED[name]] = name
        inside[place : place + rows] = True
        place += rows
    for _, _, values in forced:
        # Whoever else looks like one of the cause's links would contradict it: elsewhere with it.
        hits = np.logical_and.reduce([np.isin(columns[c], v) for c, v in values.items()]) & ~inside
        columns["target"][hits], columns["port"][hits] = "elsewhere.p00", "9999"
    left = np.flatnonzero(~inside)
    planted[chance.choice(left, PLANTED["nothing in common"], replace=False)] = "nothing in common"
    for end in ("source", "target"):
        subsystems = [part.partition(".")[0] for part in columns[end]]
        columns[f"{end}_subsystem"] = np.array(subsystems, dtype=object)
    columns["protocol"] = np.where(columns["port"] == "1414", "mq", "tcp").astype(object)
    addresses = [home.get(target, "10.99.9.9") for target in columns["target"]]
    columns["address"] = np.array(addresses, dtype=object)
    return columns, planted


def write_sweep(folder: Path, columns: dict[str, Texts], words: Texts) -> None:
    """Write the files of a sweep; results as lines too, since `judge` begins with them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from migrator.probes.facts import sweep_facts
    from migrator.probes.model import (
        LINKS_COLUMNS,
        LINKS_FILE,
        LOOKS_COLUMNS,
        LOOKS_FILE,
        RESULTS_COLUMNS,
        RESULTS_FILE,
        SWEEP_FILE,
        Purpose,
        SweepPlan,
        results_file,
    )

    folder.mkdir()
    plan = SweepPlan(
        folder.name, folder, Purpose.PROBE_LINKS, "wave-1", (), SEED, LINKS, LINKS, LINKS, {}, (),
        0.0,
    )  # fmt: skip
    (folder / SWEEP_FILE).write_text(json.dumps(sweep_facts(plan)), encoding="utf-8")
    good = words == "ok"
    filled: dict[str, object] = {
        **columns,
        "port": columns["port"].astype(int),
        "reason": [""] * LINKS, "rule": pa.nulls(LINKS, pa.int32()), "touched": [True] * LINKS,
        "criticality": [3] * LINKS, "expected": ["old"] * LINKS, "place": np.arange(1, LINKS + 1),
        "kind": ["tcp"] * LINKS, "host": columns["address"], "links": [1] * LINKS,
        "marked": [False] * LINKS, "word": words, "side": [""] * LINKS, "oks": good.astype(int),
        "tries": np.where(good, 1, 3), "connect_ms": [1.0] * LINKS, "total_ms": [2.0] * LINKS,
        "detail": np.where(good, "", "the other end said no").astype(object),
        "source_address": ["10.0.0.1"] * LINKS,
    }  # fmt: skip
    for file, wanted in (
        (LINKS_FILE, LINKS_COLUMNS), (LOOKS_FILE, LOOKS_COLUMNS), (RESULTS_FILE, RESULTS_COLUMNS),
    ):  # fmt: skip
        pq.write_table(pa.table({name: filled[name] for name, _ in wanted}), folder / file)
    verdicts = np.where(good, "same", "regressed").astype(object)
    pq.write_table(
        pa.table({**{name: filled[name] for name, _ in LINKS_COLUMNS}, "word": words,
                  "verdict": verdicts, "address": columns["address"],
                  "detail": filled["detail"]}),
        folder / "judged.parquet",
    )  # fmt: skip
    path = results_file(folder, "here")
    path.parent.mkdir()
    with path.open("w", encoding="utf-8") as lines:
        for look, word, address in zip(columns["look"], words, columns["address"], strict=True):
            oks = int(word == "ok")
            lines.write(
                f'{{"id":"{look}","word":"{word}","side":"","oks":{oks},"tries":{3 - 2 * oks},'
                f'"connect_ms":1.0,"total_ms":2.0,"detail":"","source":"10.0.0.1",'
                f'"address":"{address}"}}\n'
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(Path(sys.argv[1]))
    else:
        main()
