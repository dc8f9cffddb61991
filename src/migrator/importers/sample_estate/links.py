"""The sample's links, in columns and in chunks: from pairs of subsystems to rows of links.csv.

Called by `sample.py`. A link is never an object here. Rows are sorted by source and target
subsystem and numbered; each chunk draws from a chance of its own, so that memory stays the same
for ten thousand links and ten million, and the rows do not depend on the file format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migrator.importers.sample_estate.catalogue import TIERS
from migrator.importers.sample_estate.estate import Draft, Estate
from migrator.importers.sample_estate.pairs import Floats, Ints, Pairs, draw_pairs
from migrator.inventory.model import LINK_COLUMNS

GROUP_ROWS: Final = 65_536
"""Rows of a Parquet row group: several cores can read even the default estate's links at once."""

CHUNK_ROWS: Final = 8 * GROUP_ROWS
"""Drawn and written at once; the whole process then stays under half a GB of memory."""

if TYPE_CHECKING:
    from pyarrow.lib import StringType

    Texts = pa.Array[pa.Scalar[StringType]]

_TYPES: Final[dict[str, pa.DataType]] = {
    **dict.fromkeys(LINK_COLUMNS, pa.string()),
    "port": pa.int32(),
    "calls_per_day": pa.int64(),
    "criticality": pa.int32(),
}
SCHEMA: Final = pa.schema(_TYPES)


@dataclass(frozen=True, slots=True)
class Protocol:
    """How links of a protocol look: where they arrive, on which ports, how much they hurry."""

    name: str
    roles: tuple[str, ...]  # the roles of components that answer it, the first preferred
    ports: tuple[int | None, ...]  # None: no port, as with files in a shared folder
    latency: tuple[float, float, float, float]  # shares of batch, async, interactive, transactional


PROTOCOLS: Final = (
    Protocol(
        "https",
        ("gateway", "frontend", "process", "external"),
        (443, 443, 8443),
        (0.04, 0.06, 0.75, 0.15),
    ),
    Protocol("casual", ("process",), (7771, 7772), (0.02, 0.08, 0.3, 0.6)),
    Protocol("amqp", ("queue", "process"), (5671,), (0.05, 0.95, 0.0, 0.0)),
    Protocol("jdbc", ("store",), (5432, 1521, 50000), (0.15, 0.0, 0.25, 0.6)),
    Protocol("grpc", ("process",), (9443,), (0.0, 0.05, 0.8, 0.15)),
    Protocol("sftp", ("batch", "external", "process"), (22,), (1.0, 0.0, 0.0, 0.0)),
    Protocol("ldap", ("process", "store"), (636,), (0.0, 0.0, 0.9, 0.1)),
    Protocol("syslog", ("process", "queue"), (6514,), (0.0, 1.0, 0.0, 0.0)),
    Protocol("file", ("batch", "store", "process"), (None,), (1.0, 0.0, 0.0, 0.0)),
)
_NUMBER: Final = {protocol.name: number for number, protocol in enumerate(PROTOCOLS)}

LATENCIES: Final = ("batch", "async", "interactive", "transactional")
# Log-normal calls a day by latency class: median and spread. The many small ones are polled and
# checked now and then; a few carry the day.
_CALLS_MEDIAN: Final = (3.0, 40.0, 60.0, 120.0)
_CALLS_SIGMA: Final = (1.2, 1.6, 1.8, 1.6)
CALLS_MAX: Final = 5_000_000

EVIDENCE: Final = (
    "integration register 2023-09",
    "service log 2023-09",
    "firewall rules 2023-08",
    "configuration 2023-09",
    "interview with the owner",
)
_EVIDENCE_SHARES: Final = (0.45, 0.3, 0.13, 0.1, 0.02)


def link_chunks(estate: Estate) -> Iterator[pa.RecordBatch]:
    """Give the estate's links, chunk after chunk, in the order of their ids."""
    pairs = draw_pairs(estate)
    index = _Index(estate, pairs)
    ends = np.cumsum(pairs.count)
    total = int(ends[-1])
    for number, start in enumerate(range(0, total, CHUNK_ROWS)):
        rows = np.arange(start, min(start + CHUNK_ROWS, total))
        random = np.random.default_rng([estate.size.seed, 2, number])
        yield _chunk(index, np.searchsorted(ends, rows, side="right"), rows, random)


class _Index:
    """What every chunk looks things up in: components by subsystem and protocol, words by number.

    Candidates stand in one long array; a subsystem's are `start` to `start + length` of it.
    """

    def __init__(self, estate: Estate, pairs: Pairs) -> None:
        drafts = estate.drafts
        self.pairs = pairs
        self.components = pa.array([c.id for d in drafts for c in d.components], pa.string())
        first = np.cumsum([0, *(len(draft.components) for draft in drafts)])
        self.sources = _Candidates(
            [_callers(draft, int(at)) for draft, at in zip(drafts, first, strict=False)]
        )
        answering = [
            [_answerers(draft, protocol, int(at)) for protocol in PROTOCOLS]
            for draft, at in zip(drafts, first, strict=False)
        ]
        self.targets = _Candidates([found for row in answering for found in row])
        self.criticality = np.array([draft.entry.criticality for draft in drafts])
        words = sorted({word for draft in drafts for word in draft.entry.data})
        self.words = pa.array(words, pa.string())
        self.data = _Candidates([[words.index(word) for word in d.entry.data] for d in drafts])
        self.batch = np.array([draft.entry.kind in {"batch", "stays"} for draft in drafts])
        self.mixture = _mixtures(drafts, pairs, answering)
        self.latency = np.cumsum([protocol.latency for protocol in PROTOCOLS], axis=1)
        most = max(len(protocol.ports) for protocol in PROTOCOLS)
        # Ports repeat to one length, so that a draw finds one whatever the protocol; 0 is none.
        self.ports = np.array(
            [[p.ports[n % len(p.ports)] or 0 for n in range(most)] for p in PROTOCOLS]
        )


class _Candidates:
    """Lists of numbers, one after the other in one array, for many rows to pick from at once."""

    def __init__(self, lists: list[list[int]]) -> None:
        lengths = np.array([len(found) for found in lists])
        self.length = lengths
        self.start = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self.values = np.array([value for found in lists for value in found], dtype=np.int64)

    def pick(self, which: Ints, draw: Floats) -> Ints:
        """From list `which` of each row, the candidate at `draw` (0 to 1) of its length."""
        place = (draw * self.length[which]).astype(np.int64)
        picked: Ints = self.values[self.start[which] + place]
        return picked


def _callers(draft: Draft, at: int) -> list[int]:
    """The components that start calls: all but stores and queues, where there are others."""
    active = [n for n, c in enumerate(draft.components) if c.role not in {"store", "queue"}]
    return [at + n for n in active or range(len(draft.components))]


def _answerers(draft: Draft, protocol: Protocol, at: int) -> list[int]:
    """The components that answer a protocol; the preferred role first, empty where none does."""
    ranked = sorted(
        (protocol.roles.index(c.role), n)
        for n, c in enumerate(draft.components)
        if c.role in protocol.roles
    )
    return [at + n for _, n in ranked]


def _mixtures(drafts: tuple[Draft, ...], pairs: Pairs, answering: list[list[list[int]]]) -> Floats:
    """For each pair the cumulative shares of the protocols that its target can answer."""
    tiers = (*TIERS, "external")
    shares = np.zeros((len(pairs.source), len(PROTOCOLS)))
    for row, (i, j) in enumerate(zip(pairs.source.tolist(), pairs.target.tolist(), strict=True)):
        wanted = _wanted(drafts[i], drafts[j], tiers)
        for name, share in wanted.items():
            if answering[j][_NUMBER[name]]:
                shares[row, _NUMBER[name]] = share
        if not shares[row].any():
            number = next(n for n, found in enumerate(answering[j]) if found)
            shares[row, number] = 1.0
    return np.asarray(np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True))


def _wanted(source: Draft, target: Draft, tiers: tuple[str, ...]) -> dict[str, float]:
    """Which protocols two subsystems would speak; the first rule that fits decides."""
    one, two = source.entry, target.entry
    upwards = tiers.index(two.tier) < tiers.index(one.tier)
    old = {"casual"} & {component.technology for component in target.components}
    rules: tuple[tuple[bool, dict[str, float]], ...] = (
        (one.id == two.id, {"jdbc": 6, "grpc": 2, "amqp": 2, "https": 1}),
        ("external" in {one.kind, two.kind}, {"sftp": 6, "https": 3, "amqp": 1}),
        ("stays" in {one.kind, two.kind}, {"file": 5, "jdbc": 2, "casual": 3, "sftp": 2}),
        (two.id == "loggning", {"syslog": 8, "amqp": 2}),
        (two.id == "katalog", {"ldap": 9, "https": 1}),
        (two.id == "behorighet", {"https": 7, "ldap": 2, "grpc": 1}),
        (two.id == "meddelandebuss", {"amqp": 9, "https": 1}),
        (two.id == "filoverforing", {"sftp": 9, "https": 1}),
        (upwards, {"amqp": 7, "https": 3}),
        ("batch" in {one.kind, two.kind}, {"jdbc": 4, "sftp": 4, "https": 2, "amqp": 1}),
        (bool(old), {"casual": 6, "https": 3, "amqp": 2}),
        (two.tier == "register", {"https": 5, "jdbc": 3, "grpc": 2}),
    )
    return next((shares for holds, shares in rules if holds), {"https": 6, "grpc": 2, "amqp": 2})


def _chunk(index: _Index, pair: Ints, rows: Ints, random: np.random.Generator) -> pa.RecordBatch:
    """Draw the rows of one chunk; `pair` names each row's pair of subsystems."""
    size = len(rows)
    i, j = index.pairs.source[pair], index.pairs.target[pair]
    protocol = _choose(index.mixture[pair], random)
    # Squared draws lean to the first candidates: the main process has more links than its helpers.
    source = index.sources.pick(i, random.random(size) ** 2)
    target = index.targets.pick(j * len(PROTOCOLS) + protocol, random.random(size) ** 2)
    latency = _choose(index.latency[protocol], random)
    latency[index.batch[i] & (random.random(size) < 0.7)] = 0
    calls = random.lognormal(np.log(_CALLS_MEDIAN)[latency], np.array(_CALLS_SIGMA)[latency])
    port = index.ports[protocol, random.integers(0, index.ports.shape[1], size)]
    weakest = np.minimum(index.criticality[i], index.criticality[j])
    criticality = np.clip(weakest + random.choice((-1, 0, 0, 0, 1), size), 1, 5)
    evidence = random.choice(len(EVIDENCE), size, p=_EVIDENCE_SHARES)
    words = index.data.pick(j, random.random(size))
    columns = [
        _ids(rows),
        index.components.take(source),
        index.components.take(target),
        _words([p.name for p in PROTOCOLS], protocol),
        pa.array(port, pa.int32(), mask=port == 0),
        index.words.take(words),
        pa.array(np.minimum(np.maximum(np.rint(calls), 1), CALLS_MAX).astype(np.int64)),
        _words(list(LATENCIES), latency),
        pa.array(criticality.astype(np.int32)),
        _words(list(EVIDENCE), evidence),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _choose(cumulative: Floats, random: np.random.Generator) -> Ints:
    """Pick a column for each row by its cumulative shares."""
    draw = random.random(len(cumulative))[:, np.newaxis]
    # Never past the last column: rounding may leave the last share a hair below one.
    picked = np.minimum((draw >= cumulative).sum(axis=1), cumulative.shape[1] - 1)
    return np.asarray(picked, dtype=np.int64)


def _ids(rows: Ints) -> Texts:
    """Eight digits for every size, so that ids sort as text the way they sort as numbers."""
    # A leading one keeps the zeros in place until the letter takes its place.
    digits = pa.array(rows + 100_000_001).cast(pa.string())
    return pc.utf8_replace_slice(digits, start=0, stop=1, replacement="l")


def _words(words: list[str], numbers: Ints) -> Texts:
    return pa.array(words, pa.string()).take(numbers)
