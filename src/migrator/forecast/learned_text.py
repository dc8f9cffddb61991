"""What was learned, as YAML that people read, review in a pull request and may edit; and back.

Written by `migrator learn`, read by `migrator forecast --learned`. One line for each kind and each
task, so that a change is one line of a diff. What is written is read back equal, figures to six
digits. Nothing here judges whether a figure is wise; who edits one answers for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.forecast.durations import Durations, Kind, LearnedKind, LearnedOwn
from migrator.forecast.learned import Failures, Learned, Taught
from migrator.inventory.door import faults_of
from migrator.inventory.field_types import Amount, Row, Share, Text
from migrator.inventory.model import Inventory
from migrator.inventory.text_file import read_text_file
from migrator.inventory.yaml_text import read_yaml
from migrator.plan.text import quoted

_REFERENCE: Final = "broken-learned"

FACTOR_MAX: Final = 1_000.0
"""A factor above it is a slip of the unit, not an experience."""

SIGMA_MAX: Final = 1.5
"""The kernel takes no wider spread: the tail would fill the weekend."""

SOURCES: Final = ("live", "practice", "simulated")

HEADER: Final = """\
# What runs taught of durations, written by `migrator learn`: read it before a forecast uses it.
# factor: on the estimated P50. sigma: the deviation of the logarithm. shrinkage: how much of both
# is what was seen; the rest is the estimate. A line that is taken out is a thing not learned.
"""


class _Run(Row):
    name: Text
    source: Text
    head: str
    lines: int


class _Kind(Row):
    act: Text
    of: Text
    samples: int
    factor: Amount
    sigma: Amount
    shrinkage: Share


class _Own(Row):
    subject: Text
    act: Text
    samples: int
    factor: Amount


class _Failures(Row):
    tried: int
    taken_back: int
    expected: Amount


class _File(Row):
    schema_version: int
    estate: Text
    inventory_digest: str
    runs: list[_Run]
    shock_sigma: Amount
    together: Share
    failures: _Failures
    kinds: list[_Kind]
    own: list[_Own]


def to_text(learned: Learned) -> str:
    """The document as text."""
    return HEADER + "".join(f"{line}\n" for line in _lines(learned))


def _lines(learned: Learned) -> Iterator[str]:
    durations, failures = learned.durations, learned.failures
    yield "schema_version: 1"
    yield f"estate: {quoted(learned.estate)}"
    yield f"inventory_digest: {quoted(learned.inventory_digest)}"
    yield "runs:"
    for run in learned.runs:
        yield (
            f"  - {{name: {quoted(run.name)}, source: {run.source}, head: {quoted(run.head)},"
            f" lines: {run.lines}}}"
        )
    yield f"shock_sigma: {durations.shock_sigma:.6f}  # of a whole weekend"
    yield f"together: {durations.together:.6f}  # how much the steps of one move go together"
    yield "# waves that were begun, that had to be taken back, and that were expected to be"
    yield (
        f"failures: {{tried: {failures.tried}, taken_back: {failures.taken_back},"
        f" expected: {failures.expected:.6f}}}"
    )
    yield "kinds:"
    for kind in durations.kinds:
        yield (
            f"  - {{act: {quoted(kind.kind.act)}, of: {quoted(kind.kind.of)},"
            f" samples: {kind.samples}, factor: {kind.factor:.6f}, sigma: {kind.sigma:.6f},"
            f" shrinkage: {kind.shrinkage:.6f}}}"
        )
    yield "own:" if durations.own else "own: []"
    for own in durations.own:
        yield (
            f"  - {{subject: {quoted(own.subject)}, act: {quoted(own.act)},"
            f" samples: {own.samples}, factor: {own.factor:.6f}}}"
        )


def read_learned(path: Path) -> Learned:
    """What is in a file; InputError names every fault in it."""
    missing = InputError(
        _REFERENCE,
        f"there is no file {path}",
        hint="`migrator learn RUN... -o learned.yaml` writes one",
    )
    return from_text(read_text_file(path, missing), str(path))


def from_text(text: str, file: str) -> Learned:
    """What is in a text; InputError names every fault in it."""
    document = read_yaml(text, file)
    found = faults_of(document, _File)
    if found:
        raise _broken(file, found)
    data = _File.model_validate(document.data)
    found = [
        Fault(file, document.line(place), path, message) for place, path, message in _absurd(data)
    ]
    if found:
        raise _broken(file, found)
    return Learned(
        estate=data.estate,
        inventory_digest=data.inventory_digest,
        runs=tuple(Taught(r.name, r.source, r.head, r.lines) for r in data.runs),
        durations=Durations(
            kinds=tuple(
                LearnedKind(Kind(k.act, k.of), k.samples, k.factor, k.sigma, k.shrinkage)
                for k in data.kinds
            ),
            own=tuple(LearnedOwn(o.subject, o.act, o.samples, o.factor) for o in data.own),
            shock_sigma=data.shock_sigma,
            together=data.together,
        ),
        failures=Failures(data.failures.tried, data.failures.taken_back, data.failures.expected),
    )


def _absurd(data: _File) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """What has the right form and cannot be meant."""
    if data.schema_version != 1:
        yield ("schema_version",), "schema_version", "this version of migrator reads 1"
    if data.shock_sigma > SIGMA_MAX:
        yield ("shock_sigma",), "shock_sigma", f"wants 0 to {SIGMA_MAX}, found {data.shock_sigma}"
    for i, run in enumerate(data.runs):
        if run.source not in SOURCES:
            wanted = ", ".join(SOURCES)
            yield ("runs", i), f"runs[{i}].source", f"wants one of {wanted}, found '{run.source}'"
    counts = [("runs", i, each.lines) for i, each in enumerate(data.runs)]
    counts += [("kinds", i, each.samples) for i, each in enumerate(data.kinds)]
    counts += [("own", i, each.samples) for i, each in enumerate(data.own)]
    for key, i, count in counts:
        if count < 0:
            yield (key, i), f"{key}[{i}]", f"counts {count}, which is less than nothing"
    if min(data.failures.tried, data.failures.taken_back) < 0:
        yield ("failures",), "failures", "counts less than nothing"
    seen: set[tuple[str, str]] = set()
    for i, kind in enumerate(data.kinds):
        path = f"kinds[{i}]"
        if (kind.act, kind.of) in seen:
            yield ("kinds", i), path, f"{kind.act} of {kind.of} stands twice"
        seen.add((kind.act, kind.of))
        if not 1 / FACTOR_MAX <= kind.factor <= FACTOR_MAX:
            yield ("kinds", i), f"{path}.factor", f"is no experience: {kind.factor:g}"
        if not 0 < kind.sigma <= SIGMA_MAX:
            yield ("kinds", i), f"{path}.sigma", f"wants up to {SIGMA_MAX}, found {kind.sigma:g}"
    for i, own in enumerate(data.own):
        if not 1 / FACTOR_MAX <= own.factor <= FACTOR_MAX:
            yield ("own", i), f"own[{i}].factor", f"is no experience: {own.factor:g}"


def refuse_elsewhere(learned: Learned, inventory: Inventory, file: str) -> None:
    """Raise InputError where the runs were of another estate."""
    if learned.estate != inventory.name:
        raise InputError(
            "learned-elsewhere",
            f"{file} was learned from runs of '{learned.estate}', and this is '{inventory.name}'",
            hint="learn from this estate's own runs; another one's tell nothing about it",
        )


def _broken(file: str, faults: list[Fault]) -> InputError:
    return InputError(
        _REFERENCE,
        f"{file} is not a file that `migrator learn` wrote, or that was edited well",
        hint="mend the lines that are named, or learn it anew",
        faults=tuple(faults),
    )
