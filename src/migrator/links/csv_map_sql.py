"""The SQL by which one row of a foreign table becomes part of a group. Texts only, no database.

Called by `csv_map`. The columns of a file are c0, c1 and so on, so that no name from a file ever
stands in SQL; values that a person wrote into a map stand in it as quoted texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from migrator.links import database

KEYS: Final = (
    "source", "source_ip", "target", "target_ip", "protocol", "port", "data_class", "criticality",
    "source_port", "observer",
)  # fmt: skip
"""What rows are grouped by, as written. The last two are for tables in which two observers report
one connection; elsewhere they are empty."""

TEXTS: Final = (*KEYS, "calls", "first_seen", "last_seen")
"""Everything that a column can be in a row."""

NAMED_TIMES: Final = ("iso", "epoch", "epoch_ms")

SEEN: Final = (
    "CREATE TABLE seen (file INTEGER, dropped INTEGER, bad VARCHAR, "
    + ", ".join(f"{key} VARCHAR" for key in KEYS)
    + ", rows BIGINT, calls BIGINT, first BIGINT, last BIGINT, line BIGINT)"
)

CALLS_MAX: Final = 10**12
_BLANKS: Final = "chr(32) || chr(9) || chr(10) || chr(13) || chr(160)"


@dataclass(frozen=True, slots=True)
class Condition:
    """A row stays only if one of the columns' values is (or is not) as said.

    `kind` is is, not, matches or matches_not; is and not compare without regard to case.
    """

    column: int
    kind: str
    values: tuple[str, ...]
    said: str  # as the map's author wrote it, for the report


@dataclass(frozen=True, slots=True)
class Pick:
    """The part of a value that counts: group 1 of the pattern, or the template filled from it."""

    pattern: str
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What is done with a row's values besides finding them."""

    keep: tuple[Condition, ...]
    picks: Mapping[str, Pick]
    time_formats: tuple[str, ...]
    times_must_fit: bool = True


def column_names(count: int) -> tuple[str, ...]:
    """The columns of a file with so many."""
    return tuple(f"c{number}" for number in range(count))


def grouped(relation: str, number: int, roles: Mapping[str, tuple[int, ...]], rules: Rules) -> str:
    """The rows of `relation`, grouped, as rows of `seen`; two that differ in blanks only stay two.

    Rows are grouped as they are written before anything is done to a text: cutting blanks off
    every value of millions of rows takes several times as long as all the rest.
    """
    raw = sorted({column for key in KEYS for column in roles.get(key, ())})
    written = "".join(f"c{column}, " for column in raw)
    numbers = (
        f"(SELECT line, {written}{_dropped(rules.keep)} AS dropped, {_numbers(roles, rules)}"  # noqa: S608
        f" FROM {relation})"
    )
    first = (
        f"(SELECT {written}dropped, {_BAD_NUMBER} AS wrong, count(*) AS rows,"  # noqa: S608
        " sum(calls_n) AS calls, least(min(first_n), min(last_n)) AS first,"
        " greatest(max(first_n), max(last_n)) AS last,"
        f" min(line) AS line FROM {numbers} GROUP BY {written}dropped, wrong)"
    )
    texts = ", ".join(f"{_text(key, roles, rules)} AS {key}" for key in KEYS)
    judged = (
        f"(SELECT dropped, {texts}, CASE WHEN dropped IS NOT NULL THEN NULL {_NOBODY}"  # noqa: S608
        f" ELSE wrong END AS bad, rows, calls, first, last, line FROM {first})"
    )
    keys = ", ".join(f"CASE WHEN {_GOOD} THEN {key} ELSE '' END" for key in KEYS)
    return (
        f"SELECT {number}, dropped, bad, {keys}, rows,"  # noqa: S608
        f" least(calls, 9000000000000000000)::BIGINT, first, last, line FROM {judged}"
    )


def bad_rows(relation: str, roles: Mapping[str, tuple[int, ...]], rules: Rules, limit: int) -> str:
    """The first rows that cannot be used: line, role, value."""
    cases = " ".join(f"WHEN '{role}' THEN {role}" for role in TEXTS)
    return (
        f"SELECT line, bad, CASE bad {cases} END FROM {_judged(relation, roles, rules)}"  # noqa: S608
        f" WHERE bad IS NOT NULL ORDER BY line LIMIT {limit}"
    )


_GOOD: Final = "dropped IS NULL AND bad IS NULL"
_NOBODY: Final = (
    "WHEN source = '' AND source_ip = '' THEN 'source'"
    " WHEN target = '' AND target_ip = '' THEN 'target'"
)


def _left(time: str) -> str:
    """Whether something stands where no time was understood; blanks are nothing."""
    text = f"coalesce(trim({time}_w, {_BLANKS}), '') <> ''"
    return f"CASE WHEN {time}_n IS NULL THEN {text} ELSE false END"


_BAD_NUMBER: Final = (
    "CASE WHEN calls_n IS NULL THEN 'calls'"
    f" WHEN {_left('first')} THEN 'first_seen' WHEN {_left('last')} THEN 'last_seen' END"
)


def _numbers(roles: Mapping[str, tuple[int, ...]], rules: Rules) -> str:
    """The numbers and times of a row, and the texts of the times."""
    once = roles.get("first_seen") == roles.get("last_seen") and "last_seen" not in rules.picks
    last = "" if once else "last_seen"
    # A text that need not be a time is none: then nothing is left where no time was understood.
    first_w = _written("first_seen", roles, rules) if rules.times_must_fit else "''"
    last_w = _written(last, roles, rules) if rules.times_must_fit else "''"
    return (
        f"{_calls(roles, rules)} AS calls_n,"
        f" {_time('first_seen', roles, rules)} AS first_n, {_time(last, roles, rules)} AS last_n,"
        f" {first_w} AS first_w, {last_w} AS last_w"
    )


def _judged(relation: str, roles: Mapping[str, tuple[int, ...]], rules: Rules) -> str:
    """Rows with all their texts and what is wrong with them: slow, for the few that are shown."""
    texts = ", ".join(f"{_text(role, roles, rules)} AS {role}" for role in TEXTS)
    found = (
        f"(SELECT line, {_dropped(rules.keep)} AS dropped, {texts},"  # noqa: S608
        f" {_numbers(roles, rules)} FROM {relation})"
    )
    bad = f"CASE WHEN dropped IS NOT NULL THEN NULL {_NOBODY} ELSE {_BAD_NUMBER} END"
    return f"(SELECT *, {bad} AS bad FROM {found})"  # noqa: S608


def _text(role: str, roles: Mapping[str, tuple[int, ...]], rules: Rules) -> str:
    """A role's text in a row, without blanks around it; empty where there is none."""
    columns = roles.get(role, ())
    if not columns:
        return "''"
    filled = [f"nullif({_trimmed(column)}, '')" for column in columns]
    found = f"coalesce({', '.join(filled)}, '')"
    pick = rules.picks.get(role)
    if pick is not None and pick.template is None:
        found = f"regexp_extract({found}, {database.text(pick.pattern)}, 1)"
    elif pick is not None:
        template = database.text(pick.template or "")
        found = f"regexp_replace({found}, {database.text(pick.pattern)}, {template})"
    return f"lower({found})" if role == "protocol" else found


def _trimmed(column: int) -> str:
    return f"trim(c{column}, {_BLANKS})"


def _dropped(keep: tuple[Condition, ...]) -> str:
    """The number of the first condition that a row does not meet."""
    cases = " ".join(
        f"WHEN NOT ({_met(condition)}) THEN {number}" for number, condition in enumerate(keep)
    )
    return f"CASE {cases} END" if cases else "NULL::INTEGER"


def _met(condition: Condition) -> str:
    value = f"coalesce({_trimmed(condition.column)}, '')"
    if condition.kind in {"is", "not"}:
        listed = ", ".join(database.text(one.lower()) for one in condition.values)
        return f"lower({value}) {'' if condition.kind == 'is' else 'NOT '}IN ({listed})"
    tests = [f"regexp_matches({value}, {database.text(one)})" for one in condition.values]
    any_of = f"({' OR '.join(tests)})"
    return any_of if condition.kind == "matches" else f"NOT {any_of}"


def _written(role: str, roles: Mapping[str, tuple[int, ...]], rules: Rules) -> str:
    """A role's text as it stands in the row where that is one column, else as `_text` makes it."""
    columns = roles.get(role, ())
    return (
        f"c{columns[0]}"
        if len(columns) == 1 and role not in rules.picks
        else _text(role, roles, rules)
    )


def _calls(roles: Mapping[str, tuple[int, ...]], rules: Rules) -> str:
    """The row's calls as a number: 1 where none is given, NULL where it is no whole number."""
    if not roles.get("calls"):
        return "1::BIGINT"
    text = _written("calls", roles, rules)
    # 1 000 and 12.0 are what spreadsheets make of whole numbers; 12.5 is something else.
    plain = f"translate({text}, {_BLANKS}, '')"
    spoilt = (
        f"CASE WHEN {plain} = '' THEN 1::BIGINT"
        f" ELSE try_cast(regexp_extract({plain}, '^([0-9]+)([.]0+)?$', 1) AS BIGINT) END"
    )
    number = (
        f"CASE WHEN coalesce({text}, '') = '' THEN 1::BIGINT"
        f" WHEN {text} GLOB '*[!0-9]*' THEN {spoilt} ELSE try_cast({text} AS BIGINT) END"
    )
    return f"CASE WHEN ({number}) <= {CALLS_MAX} THEN ({number}) END"


def _time(role: str, roles: Mapping[str, tuple[int, ...]], rules: Rules) -> str:
    """The row's time in seconds since 1970, in the connection's zone where it names none."""
    if not roles.get(role):
        return "NULL::BIGINT"
    text = _written(role, roles, rules)
    trimmed = f"trim({text}, {_BLANKS})"
    tries = []
    formats = [one for one in rules.time_formats if one not in NAMED_TIMES]
    if "iso" in rules.time_formats:
        stamp = f"try_cast({text} AS TIMESTAMPTZ)"
        tries.append(f"CASE WHEN isfinite({stamp}) THEN epoch_ms({stamp}) // 1000 END")
    if formats:
        listed = ", ".join(database.text(one) for one in formats)
        tries += [
            f"epoch_ms(try_strptime({one}, [{listed}])::TIMESTAMPTZ) // 1000"
            for one in (text, trimmed)
        ]
    for name, digits, scale in (("epoch", 11, 1), ("epoch_ms", 14, 1000)):
        if name in rules.time_formats:
            pattern = f"'^([0-9]{{1,{digits}}})([.][0-9]+)?$'"
            tries.append(f"try_cast(regexp_extract({trimmed}, {pattern}, 1) AS BIGINT) // {scale}")
    return f"coalesce({', '.join(tries)})"
