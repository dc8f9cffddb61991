"""Drafts a column map from a table's header and first rows, and says how sure each line is.

Called by `migrator import csv --suggest-map`. A name counts more than values, and the two together
make a line sure; what only looks right is called a guess. A draft is for a person to correct: it is
written with its reasons as comments, and what was not found is said, never made up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from migrator.importers.column_map import DELIMITER_WORDS, ROLES
from migrator.importers.flow_hosts import address_of
from migrator.importers.table_file import Looks, TableFile, first_rows, open_table

ROWS_LOOKED_AT: Final = 2_000
MOST: Final = 0.9
"""Nine values of ten: exports have holes and headings in between."""

_SOURCE: Final = r"source|src|from|client|caller|origin|initiator|local|källa|från|avsändare"
_TARGET: Final = r"destination|dest|dst|to|target|server|remote|responder|called|mål|till|mottagare"
_ADDRESS: Final = r"ip|addr|address|adress|ipaddr"
_PORT: Final = r"port|dport|dpt|dstport|destport"
_NAMES: Final[Mapping[str, str]] = {
    "protocol": r"protocol|proto|protokoll|transport",
    "calls": r"count|connections|calls|hits|requests|sessions|flows|antal|anrop|number",
    "data_class": r"data ?class|classification|klass|informationsklass|sensitivity",
    "criticality": r"criticality|critical|priority|prio|kritikalitet|viktighet",
    "last_seen": r"last|end|until|slut|senast",
    "first_seen": r"first|start|begin|since|date|time|timestamp|datum|tid|när|when",
}
_HOST: Final = re.compile(r"(?=.*[^\W\d])[\w][\w.-]{0,254}")
_PROTOCOL: Final = re.compile(r"(?i)tcp6?|udp6?|icmp(v6)?|sctp|gre|esp|https?|tls|[0-9]{1,3}")
_VERDICT: Final = re.compile(
    r"(?i)allow(ed)?|permit(ted)?|accept(ed)?|pass(ed)?|den(y|ied)|drop(ped)?|reject(ed)?|block(ed)?"
)
_FORMATS: Final = (
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y",
    "%m/%d/%Y", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y%m%d%H%M%S", "%Y%m%d",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%d %b %Y %H:%M:%S", "%b %d %Y %H:%M:%S",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Guess:
    """One line of the draft. `sure` is sure, likely or guess."""

    role: str
    column: str
    sure: str
    why: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A draft and what it was made from."""

    file: str
    encoding: str
    delimiter: str
    rows: int
    guesses: tuple[Guess, ...]
    unused: tuple[str, ...]
    missing: tuple[str, ...]
    time_formats: tuple[str, ...]  # empty: iso, or no times
    times_doubtful: bool
    verdicts: tuple[str, ...] = ()  # columns of allow and deny

    @property
    def text(self) -> str:
        """The map as YAML with its reasons."""
        made = f"{_quoted(self.file)} by its header and {self.rows:,} rows"
        lines = [
            f"# A draft, made from {made}.",
            "# Check each line: sure, likely and guess say how much to trust it.",
            "schema_version: 1",
            f"file: {{encoding: {self.encoding}, delimiter: {_delimiter(self.delimiter)}}}",
            "columns:",
        ]
        lines += [
            f"  {each.role}: {_quoted(each.column)}  # {each.sure}: {each.why}"
            for each in self.guesses
        ]
        lines += [f"  # {role}: no column looks like it" for role in self.missing]
        if self.unused:
            shown = ", ".join(map(_quoted, self.unused))
            lines.append(f"# Columns not used: {shown}")
        if self.verdicts:
            lines += [
                "# These columns say what became of a connection; refused ones are no links:",
                *(f"#   - {{column: {_quoted(name)}, is: [allow]}}" for name in self.verdicts),
            ]
        if self.time_formats:
            doubt = "  # guess: day and month may be the other way round" * self.times_doubtful
            lines.append(f"times: {{formats: {json.dumps(list(self.time_formats))}}}{doubt}")
        if not any(each.role in {"first_seen", "last_seen"} for each in self.guesses):
            lines.append("times: {window_days: 1}  # guess: no column says when; how long was it?")
        if "protocol" in self.missing:
            lines.append("constants: {protocol: tcp}  # guess")
        return "\n".join(lines) + "\n"


def suggest_map(path: Path) -> Suggestion:
    """Look at a table and draft a map of it."""
    with TemporaryDirectory(prefix="migrator-import-") as work:
        file = open_table(path, path.name, Looks(), Path(work))
        rows = first_rows(file, ROWS_LOOKED_AT)
    return suggest(file, rows)


def suggest(file: TableFile, rows: Sequence[Sequence[str]]) -> Suggestion:
    """Draft a map from a header and some rows."""
    columns = {
        (name if file.header.count(name) == 1 and name else f"#{place + 1}"): [
            value for row in rows if place < len(row) and (value := row[place].strip())
        ]
        for place, name in enumerate(file.header)
    }
    taken: dict[str, Guess] = {}
    for role in ROLES:
        best = None
        for name, values in columns.items():
            if any(each.column == name for each in taken.values()):
                continue
            guess = _judge(role, name, values)
            if guess is not None and (best is None or _rank(guess) < _rank(best)):
                best = guess
        if best is not None:
            taken[role] = best
    times = [
        value
        for role in ("first_seen", "last_seen")
        if role in taken
        for value in columns[taken[role].column]
    ]
    formats, doubtful = _time_formats(times)
    used = {each.column for each in taken.values()}
    wanted = ("source", "target", "protocol", "port", "calls", "first_seen")
    return Suggestion(
        file=file.table.shown,
        encoding=file.encoding,
        delimiter=file.table.delimiter,
        rows=len(rows),
        guesses=tuple(taken[role] for role in ROLES if role in taken),
        unused=tuple(name for name in columns if name not in used),
        missing=tuple(role for role in wanted if role not in taken and f"{role}_ip" not in taken),
        time_formats=formats,
        times_doubtful=doubtful,
        verdicts=tuple(
            name
            for name, values in columns.items()
            if values and all(_VERDICT.fullmatch(value) for value in values)
        ),
    )


_SURENESS: Final = ("sure", "likely", "guess")


def _rank(guess: Guess) -> int:
    return _SURENESS.index(guess.sure)


def _quoted(text: str) -> str:
    """A text in double quotes, as YAML and JSON read it alike."""
    return json.dumps(text, ensure_ascii=False)


def _delimiter(sign: str) -> str:
    words = {value: word for word, value in DELIMITER_WORDS.items()}
    return words.get(sign, json.dumps(sign))


def _words(name: str) -> str:
    """`sourceIp`, `SRC_IP` and `Source-IP` as the words that people read."""
    split = re.sub(r"(?<=[a-zåäö])(?=[A-ZÅÄÖ])", " ", name)
    return " ".join(re.split(r"[\W_]+", split)).lower().strip()


def _has(words: str, pattern: str) -> bool:
    return re.search(rf"\b({pattern})\b", words) is not None


def _judge(role: str, name: str, values: Sequence[str]) -> Guess | None:
    """Whether a column may be this role, and how sure that is."""
    words = _words(name)
    fits, said = _FITS[role]
    share = sum(map(fits, values)) / len(values) if values else 0.0
    if not _named(role, words):
        # Values alone tell a protocol or a time; an address may be either end.
        if role in {"protocol", "first_seen"} and share >= MOST and len(values) > 1:
            telling = role == "first_seen" or not all(value.isdigit() for value in values)
            if telling:
                return Guess(role, name, "guess", f"{share:.0%} of the values are {said}")
        return None
    if not values:
        return Guess(role, name, "guess", "the name says so; all looked at are empty")
    if share >= MOST:
        return Guess(role, name, "sure", f"the name says so, {share:.0%} of values are {said}")
    if role in {"protocol", "data_class", "criticality"} or share >= 0.5:
        return Guess(role, name, "likely", f"the name says so, {share:.0%} of values are {said}")
    return None


def _named(role: str, words: str) -> bool:
    """Whether the words of a name are this role's."""
    if role in _NAMES:
        if role == "calls" and _has(words, r"packets|bytes|port"):
            return False
        if role == "first_seen" and _has(words, f"{_NAMES['last_seen']}|out|zone"):
            return False
        return _has(words, _NAMES[role])
    if role == "port":
        return _has(words, _PORT) and not _has(words, _SOURCE)
    side, other = (_SOURCE, _TARGET) if role.startswith("source") else (_TARGET, _SOURCE)
    one_sided = _has(words, side) and (not _has(words, other) or "server" in words)
    if _has(words, f"{_PORT}|vlan|process|application|zone|id|country|user|bytes|packets"):
        return False
    return one_sided and (_has(words, _ADDRESS) or not role.endswith("_ip"))


def _is_host(value: str) -> bool:
    return _HOST.fullmatch(value) is not None and address_of(value) is None


def _is_address(value: str) -> bool:
    return address_of(value) is not None


def _is_port(value: str) -> bool:
    digits = value.removesuffix(".0")
    return digits.isascii() and digits.isdigit() and len(digits) < 6 and int(digits) < 65_536


def _is_count(value: str) -> bool:
    return re.fullmatch(r"[0-9][0-9 \u00a0]*(\.0+)?", value) is not None


def _is_time(value: str) -> bool:
    with suppress(ValueError):
        datetime.fromisoformat(value)
        return not value.isdigit()
    return _epoch(value) is not None or any(_parses(value, each) for each in _FORMATS)


def _parses(value: str, form: str) -> bool:
    with suppress(ValueError):
        datetime.strptime(value, form)  # noqa: DTZ007 - only whether it fits is asked
        return True
    return False


def _epoch(value: str) -> str | None:
    """Seconds or milliseconds since 1970, if the number lies between 2001 and 2033."""
    if re.fullmatch(r"1[0-9]{9}(\.[0-9]+)?", value):
        return "epoch"
    return "epoch_ms" if re.fullmatch(r"1[0-9]{12}", value) else None


def _time_formats(values: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The format in which most times are written; and whether day and month may be confused."""
    if not values:
        return (), False
    least = MOST * len(values)
    with suppress(ValueError):
        if all(datetime.fromisoformat(value) for value in values if not value.isdigit()):
            epochs = {_epoch(value) for value in values if value.isdigit()}
            if epochs <= {None}:
                return (), False
    for named in ("epoch", "epoch_ms"):
        if sum(_epoch(value) == named for value in values) >= least:
            return (named,), False
    fitting = [each for each in _FORMATS if sum(_parses(value, each) for value in values) >= least]
    pair = {each.replace("%d/%m", "%m/%d") for each in fitting}
    return tuple(fitting[:1]), len(fitting) > 1 and len(pair) < len(fitting)


_FITS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "source": (_is_host, "names"),
    "source_ip": (_is_address, "addresses"),
    "target": (_is_host, "names"),
    "target_ip": (_is_address, "addresses"),
    "protocol": (lambda value: _PROTOCOL.fullmatch(value) is not None, "protocols"),
    "port": (_is_port, "ports"),
    "calls": (_is_count, "whole numbers"),
    "data_class": (lambda value: len(value) <= 100, "short texts"),
    "criticality": (lambda value: value in {"1", "2", "3", "4", "5"}, "1 to 5"),
    "first_seen": (_is_time, "times"),
    "last_seen": (_is_time, "times"),
}
