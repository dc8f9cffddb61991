"""The coverage report of an import, as data and as a page that people read.

Called by `write.py` for coverage.json and coverage.md, and by the command for its summary. The
keys of the data are promised to programs and stay. Text from other people's files is shown as
text only; nothing here may show the value of a secret, because Coverage never holds one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Final

from migrator.importers.draft import Draft
from migrator.importers.evidence import CALLS_ASSUMED, CRITICALITY_ASSUMED, STRENGTH, Strength
from migrator.inventory.model import Kind

SCHEMA_VERSION: Final = 1

ROWS_SHOWN_MAX: Final = 500
"""A page stays readable; coverage.json holds all."""

ASSUMED: Final = (
    f"calls_per_day is {CALLS_ASSUMED} for every link: manifests do not count calls",
    f"criticality is {CRITICALITY_ASSUMED} for every link and subsystem: nobody ranked them",
    (
        "latency_class follows from the protocol: stores transactional, queues async, "
        "calls from batch runs batch, all else interactive"
    ),
    "data_class is empty: manifests do not say what data they carry",
    "durations, teams, people, the window and the places are those of assumptions.yaml",
)


def summary(draft: Draft) -> dict[str, int]:
    """The counts that the command prints."""
    coverage = draft.coverage
    return {
        "subsystems": len(draft.subsystems),
        "components": draft.components,
        "links": len(draft.links),
        "ignored": len(coverage.ignored),
        "suspected": len(coverage.suspected),
        "unresolved": len(coverage.unresolved),
        "secrets_masked": coverage.secrets_masked,
    }


def coverage_data(draft: Draft) -> dict[str, object]:
    """Everything, under stable keys."""
    coverage = draft.coverage
    return {
        "schema_version": SCHEMA_VERSION,
        "written_by": f"migrator import {coverage.format}",
        "summary": summary(draft),
        "files": [{"file": each.file, "kinds": dict(each.kinds)} for each in coverage.files],
        "kinds": [
            {"subsystem": each.id, "kind": each.kind.value, "why": each.why}
            for each in draft.subsystems
        ],
        "links": {
            "by_evidence": dict(sorted(_by_evidence(draft).items())),
            "by_strength": dict(sorted(_by_strength(draft).items())),
        },
        "without_links": without_links(draft),
        "ignored": [asdict(each) for each in coverage.ignored],
        "unresolved": [asdict(each) for each in coverage.unresolved],
        "suspected": [asdict(each) for each in coverage.suspected],
        "secrets": [asdict(each) for each in coverage.secrets],
        "plain_secrets": [asdict(each) for each in coverage.plain_secrets],
        "missing_files": [asdict(each) for each in coverage.missing_files],
        "variables": [asdict(each) for each in coverage.variables],
        "notes": [asdict(each) for each in coverage.notes],
        "assumed": list(assumed(draft)),
    }


def without_links(draft: Draft) -> list[str]:
    """The subsystems that no evidence links to any other."""
    ends = {end for link in draft.links for end in (link.source, link.target)}
    return [
        each.id
        for each in draft.subsystems
        if not any(component.id in ends for component in each.components)
    ]


def assumed(draft: Draft) -> tuple[str, ...]:
    """What the inventory takes for granted; where calls were counted, that is said."""
    counted = sum(link.calls_per_day is not None for link in draft.links)
    if not counted:
        return ASSUMED
    said = (
        f"calls_per_day was counted for {counted} links; for the other "
        f"{len(draft.links) - counted} it is {CALLS_ASSUMED}, because nobody counted"
    )
    return (said, *ASSUMED[1:])


def coverage_page(draft: Draft) -> str:
    """The report as Markdown."""
    counts = summary(draft)
    lonely = without_links(draft)
    moving = sum(each.kind is not Kind.EXTERNAL for each in draft.subsystems)
    parts = [
        f"# What the import of {_cell(draft.name)} covers",
        (
            "Written by `migrator import`; do not edit, import again. A link stands in links.csv "
            "only where a file names its target; each carries its evidence there. What is listed "
            "below as suspected or unresolved made no link."
        ),
        _table(("what", "how many"), [(key, value) for key, value in counts.items()]),
        "## Links by evidence",
        _links_said(draft, lonely, moving),
        _by_evidence_table(draft),
        _part(
            "No evidence of any link",
            "Nothing in the files links these to another subsystem. That is not a proof that they "
            "have no links: ask their teams, or add what was seen on the network.",
            ("subsystem",),
            [(each,) for each in lonely],
        ),
        *_open_questions(draft),
        *_accounts(draft),
        "## Assumed",
        "\n".join(f"- {each}" for each in assumed(draft)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _links_said(draft: Draft, lonely: list[str], moving: int) -> str:
    """One sentence on how much the links can be trusted to be all."""
    if not draft.links:
        return (
            f"No evidence of any link was found for {moving} subsystems: the files name no "
            "addresses. A plan made from this inventory knows nothing about who calls whom."
        )
    links = "1 link" if len(draft.links) == 1 else f"{len(draft.links)} links"
    lone = f" No evidence of any link was found for {len(lonely)} of them." if lonely else ""
    return f"{links} among {len(draft.subsystems)} subsystems.{lone}"


def _by_evidence_table(draft: Draft) -> str:
    counted = _by_evidence(draft)
    strength = {kind.value: proves.value for kind, proves in STRENGTH.items()}
    rows = [(kind, counted[kind], strength[kind]) for kind in sorted(counted)]
    return _table(("evidence", "links that have it", "what it proves"), rows)


def _open_questions(draft: Draft) -> list[str]:
    """What people should look at: each part only where there is something."""
    coverage = draft.coverage
    return [
        _part(
            "Suspected",
            "Similar names and values that equal a name. Not links: confirm or forget them.",
            ("subsystem", "may call", "why"),
            [(each.source, each.target, each.why) for each in coverage.suspected],
        ),
        _part(
            "Unresolved names",
            "Addresses that lead to nothing among the files: something outside, or a file that was "
            "not given.",
            ("named by", "address", "why", "where"),
            [
                (each.source, each.name, each.why, f"{each.file}:{each.line} {each.path}")
                for each in coverage.unresolved
            ],
        ),
        _part(
            "Files that were missing",
            "",
            ("file", "needed by", "why"),
            [(each.name, each.needed_by, each.why) for each in coverage.missing_files],
        ),
        _part(
            "Variables without a value",
            "Whatever they stand for is not known; addresses made of them made no links.",
            ("variable", "places", "first place"),
            [(each.name, each.places, f"{each.file}:{each.line}") for each in coverage.variables],
        ),
        _part(
            "To look at",
            "",
            ("topic", "about", "finding", "where"),
            [
                (each.topic, each.about, each.said, f"{each.file}:{each.line}")
                for each in coverage.notes
            ],
        ),
        _part(
            "Secrets",
            "Neither read nor copied: put them on the target before their subsystem moves.",
            ("secret", "used by", "where"),
            [
                (
                    each.name,
                    ", ".join(each.used_by) or "nobody among the files",
                    f"{each.file}:{each.line}" if each.file else "not among the files",
                )
                for each in coverage.secrets
            ],
        ),
        _part(
            "Secrets in plain text",
            "By their names these values are secrets. They stand in the files, and in copies below "
            "manifests/, for all to read; no report shows them.",
            ("name", "where"),
            [
                (each.name, f"{each.file}:{each.line} {each.path}")
                for each in coverage.plain_secrets
            ],
        ),
    ]


def _accounts(draft: Draft) -> list[str]:
    """What was read, what was concluded, what was ignored."""
    coverage = draft.coverage
    return [
        _part(
            "Kinds of subsystem, and what they were concluded from",
            "A kind that an image suggests is a conclusion, not a fact: check it.",
            ("subsystem", "kind", "why"),
            [(each.id, each.kind.value, each.why) for each in draft.subsystems],
        ),
        _part(
            "Read",
            "",
            ("file", "what"),
            [
                (each.file, ", ".join(f"{count} {kind}" for kind, count in each.kinds) or "nothing")
                for each in coverage.files
            ],
        ),
        _part(
            "Ignored",
            "",
            ("what", "why", "where"),
            [(each.what, each.why, f"{each.file}:{each.line}") for each in coverage.ignored],
        ),
    ]


def _by_evidence(draft: Draft) -> Counter[str]:
    """How many links have evidence of each kind."""
    return Counter(
        kind for link in draft.links for kind in {each.kind.value for each in link.evidence}
    )


def _by_strength(draft: Draft) -> Counter[str]:
    """How many links have, as their best, evidence of each strength."""
    order = list(Strength)
    return Counter(
        min((STRENGTH[each.kind] for each in link.evidence), key=order.index).name.lower()
        for link in draft.links
    )


def _part(title: str, said: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A part of the page; empty where there are no rows."""
    if not rows:
        return ""
    rest = len(rows) - ROWS_SHOWN_MAX
    more = f"\n\nand {rest} more, in coverage.json" if rest > 0 else ""
    text = f"\n\n{said}" if said else ""
    return f"## {title}{text}\n\n{_table(header, rows[:ROWS_SHOWN_MAX])}{more}"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; empty where there are no rows."""
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    if not lines:
        return ""
    ruler = "|" + "---|" * len(header)
    return "\n".join([f"| {' | '.join(header)} |", ruler, *lines])


def _cell(value: object) -> str:
    """A value that cannot leave its cell, whatever stood in somebody's file."""
    text = " ".join(str(value).split())
    for character in "\\|<>`*_[]":
        text = text.replace(character, "\\" + character)
    return text
