"""The small files of a sample as text: everything but the links.

Called by `sample.py`. Each file opens with a comment that says it is generated and by which
command, and is then laid out for people: subsystems under a heading per tier, one component a
line. What nobody gave is left out, so that assumptions.yaml has something to fill in.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final

from migrator.importers.sample_estate import yaml_text
from migrator.importers.sample_estate.catalogue import AGENCY
from migrator.importers.sample_estate.estate import (
    CALLS_PER_LINK_MEAN,
    Draft,
    Estate,
    Span,
)
from migrator.importers.sample_estate.functions import (
    SIDE_MARK,
    FunctionDraft,
    competences_of,
    draw_functions,
)
from migrator.importers.sample_estate.people import PATTERNS, PersonDraft, Roster, draw_roster
from migrator.importers.sample_estate.weekend import (
    END,
    SHIFTS,
    START,
    TIME_ZONE,
    appointments_of,
    relations_of,
    slots_of,
)
from migrator.importers.sample_estate.yaml_text import Line, Value

_TIER_HEADINGS: Final = {
    "channel": "Channels: what citizens, employers and handlers see",
    "case": "Cases: how a matter goes from claim to decision",
    "benefit": "Benefits: what the law says about each",
    "common": "Common services: payment, documents, letters, statistics",
    "register": "Registers: who and what the agency knows",
    "infrastructure": "Infrastructure: what everything else stands on",
    "external": "Partners: linked to, never moved",
}
USED_SHARE: Final = 0.75
"""The sample fills three quarters of the new place."""

COPY_HOURS: Final = 18
"""All stores together take so many of the weekend's 60 hours at full bandwidth."""

BRIDGE_SHARE: Final = 0.7
"""Of an average hour's calls between subsystems. No order of moves needs the whole of it, because
about half of the calls have both ends on one side even at the worst moment."""

_BETWEEN: Final = 0.88
"""The share of links that leave their subsystem; the others never cross the bridge."""


def small_files(estate: Estate) -> dict[str, str]:
    """File name -> text, all files but the links, sorted by name."""
    functions = draw_functions(estate)
    roster = draw_roster(estate, competences_of(functions))
    texts = {
        "README.md": _readme(estate),
        "assumptions.yaml": _assumptions(),
        "calendar.yaml": _calendar(estate),
        "functions.yaml": _functions(functions, roster),
        "inventory.yaml": _inventory(),
        "people.yaml": _people(roster),
        "places.yaml": _places(estate),
        "relations.yaml": _relations(estate),
        "subsystems.yaml": _subsystems(estate),
    }
    notice = _notice(estate)
    return {
        name: text if name.endswith(".md") else notice + text
        for name, text in sorted(texts.items())
    }


def command_line(estate: Estate) -> str:
    """The command that makes this sample."""
    size = estate.size
    return (
        f"migrator sample DIR --subsystems {size.subsystems} --links {size.links}"
        f" --seed {size.seed}"
    )


def _notice(estate: Estate) -> str:
    return (
        "# Sample data, made by the command below. The agency, its people and all figures are"
        f" made up.\n#   {command_line(estate)}\n\n"
    )


def _inventory() -> str:
    return yaml_text.block(
        {
            "schema_version": 1,
            "name": f"{AGENCY} (sample)",
            "owner": f"{AGENCY}, a made-up social insurance agency",
        }
    )


def _subsystems(estate: Estate) -> str:
    text = "subsystems:\n"
    for tier, drafts in groupby(estate.drafts, key=lambda draft: draft.entry.tier):
        text += f"\n  # {_TIER_HEADINGS[tier]}\n\n"
        text += "\n".join(yaml_text.items([_subsystem(draft)]) for draft in drafts)
    return text


def _subsystem(draft: Draft) -> dict[str, Value]:
    entry = draft.entry
    row: dict[str, Value] = {"id": entry.id, "name": entry.name}
    if draft.team is not None:
        row["team"] = draft.team
    row["kind"] = entry.kind
    row["criticality"] = entry.criticality
    if draft.reason is not None and draft.review_date is not None:
        row["reason"] = draft.reason
        row["review_date"] = draft.review_date
    row["data_classes"] = list(entry.data)
    row["components"] = [
        Line({"id": c.id, "role": c.role, "technology": c.technology}) for c in draft.components
    ]
    if draft.durations:
        row["durations"] = {name: _span(span) for name, span in draft.durations.items()}
    if draft.failure_probability is not None:
        row["failure_probability"] = draft.failure_probability
    if draft.cpu is not None and draft.memory_gib is not None:
        row["cpu"] = draft.cpu
        row["memory_gib"] = draft.memory_gib
    if draft.copy_gib:
        row["copy_gib"] = draft.copy_gib
    if draft.irreversible is not None:
        act, at = draft.irreversible
        row["irreversible"] = {"act": act} if at is None else {"act": act, "at": at}
    tags = [f"tier-{entry.tier}", *([entry.family] if entry.family != "gemensam" else [])]
    if entry.benefit:
        tags.append("benefit")
    row["tags"] = list(tags)
    return row


def _relations(estate: Estate) -> str:
    rows = [
        {"kind": r.kind, "members": list(r.members), "owner": r.owner, "reason": r.reason}
        for r in relations_of(estate)
    ]
    heading = "# Few on purpose: each restricts every plan. A link alone forces nothing.\n"
    if not rows:
        return f"{heading}relations: []\n"
    return f"{heading}relations:\n" + "\n".join(yaml_text.items([row]) for row in rows)


def _functions(functions: tuple[FunctionDraft, ...], roster: Roster) -> str:
    return "functions:\n\n" + "\n".join(
        yaml_text.items([_function(function, roster)]) for function in functions
    )


def _function(function: FunctionDraft, roster: Roster) -> dict[str, Value]:
    row: dict[str, Value] = {
        "id": function.id,
        "name": dict(function.name),
        "exercises": dict(function.exercises),
        "competence": function.competence,
    }
    if function.named_handlers:
        row["handlers"] = _cleared(function, roster)
    if function.quorum > 1:
        row["quorum"] = function.quorum
    row["minutes"] = _span(function.minutes)
    row["text"] = dict(function.text)
    if function.side_mark:
        row["side_mark"] = dict(SIDE_MARK)
    if function.possible_after is not None:
        row["possible_after"] = function.possible_after
    if function.leaves_behind is not None:
        row["leaves_behind"] = function.leaves_behind
    return row


def _cleared(function: FunctionDraft, roster: Roster) -> list[str]:
    """The named few who may judge it: two of each pattern of shifts."""
    able = [person for person in roster.people if function.competence in person.competences]
    return [
        person.id
        for pattern in PATTERNS.values()
        for person in [person for person in able if person.shifts == pattern][:2]
    ]


def _people(roster: Roster) -> str:
    text = (
        "# The names are common Swedish names put together by chance and mean nobody. The\n"
        "# telephone numbers are from the series kept free for books and films:\n"
        "# 070-174 06 05 to 070-174 06 99 and 08-465 004 00 to 08-465 004 99.\n\n"
    )
    shifts = [Line({"id": id_, "start": start, "end": end}) for id_, start, end in SHIFTS]
    text += "shifts:\n" + yaml_text.items(shifts)
    text += "\n# How many moves a team can work on at once, by shift.\nteams:\n"
    text += "".join(
        yaml_text.items([{"id": team.id, "name": team.name, "seats": Line(team.seats)}])
        for team in roster.teams
    )
    text += "\npeople:\n"
    for heading, role in (
        ("Who decides, and who only looks", ""),
        ("Engineers, by team; some of them lead waves", "engineer"),
        ("Case handlers", "handler"),
    ):
        people = [person for person in roster.people if _main_role(person) == role]
        text += f"\n  # {heading}\n" + yaml_text.items([_person(person) for person in people])
    return text


def _main_role(person: PersonDraft) -> str:
    return next((role for role in person.roles if role in {"engineer", "handler"}), "")


def _person(person: PersonDraft) -> dict[str, Value]:
    row: dict[str, Value] = {
        "id": person.id,
        "name": person.name,
        "telephone": person.telephone,
    }
    if person.team is not None:
        row["team"] = person.team
    row["roles"] = list(person.roles)
    if person.competences:
        row["competences"] = list(person.competences)
    row["shifts"] = list(person.shifts)
    if person.deputy is not None:
        row["deputy"] = person.deputy
    return row


def _calendar(estate: Estate) -> str:
    slots: list[Value] = [
        {
            "id": slot.id,
            "start": slot.start,
            "end": slot.end,
            **({"subsystems": list(slot.subsystems)} if slot.subsystems else {}),
            "reason": slot.reason,
        }
        for slot in slots_of(estate)
    ]
    dates: list[Value] = [
        {
            "id": date.id,
            "subsystem": date.subsystem,
            "start": date.start,
            "end": date.end,
            "partner": date.partner,
        }
        for date in appointments_of(estate)
    ]
    return yaml_text.block(
        {
            "time_zone": TIME_ZONE,
            "window": {"start": START, "end": END},
            "blackouts": slots,
            "fixed_dates": dates,
        }
    )


def _places(estate: Estate) -> str:
    moving = estate.moving
    cpu = sum(draft.cpu or 0 for draft in moving)
    memory = sum(draft.memory_gib or 0 for draft in moving)
    copy = sum(draft.copy_gib for draft in moving)
    calls = estate.size.links * _BETWEEN * CALLS_PER_LINK_MEAN / 24
    ours: dict[str, Value] = {
        "owner": AGENCY,
        "country": "SE",
        "operator": AGENCY,
        "support_countries": ["SE"],
    }
    old: dict[str, Value] = {"id": "vm-hallen", "name": "Gamla driftmiljön (VM)", "side": "old"}
    new: dict[str, Value] = {
        "id": "container-plattformen",
        "name": "Nya containerplattformen",
        "side": "new",
    }
    capacity = {
        "cpu": _round_up(cpu / USED_SHARE, 4),
        "memory_gib": _round_up(memory / USED_SHARE, 16),
        "copy_gib_per_hour": _round_up(copy / COPY_HOURS, 10),
        "bridge_calls_per_hour": _round_up(BRIDGE_SHARE * calls, 1_000),
    }
    return "places:\n" + yaml_text.items([{**old, **ours}, {**new, **ours, "capacity": capacity}])


def _round_up(figure: float, step: int) -> int:
    return max(step, -(-int(figure) // step) * step)


def _assumptions() -> str:
    kinds = {
        "stateless": {"move": Span(30, 45), "verify": Span(15, 25), "unwind": Span(20, 30)},
        "stateful": {"move": Span(60, 90), "verify": Span(25, 35), "unwind": Span(35, 55)},
        "batch": {"move": Span(45, 65), "verify": Span(20, 30), "unwind": Span(30, 45)},
    }
    text = (
        "# Used where nobody gave a figure, and marked as assumed wherever it is used.\n"
        + yaml_text.block(
            {
                "durations": {
                    kind: {name: _span(span) for name, span in spans.items()}
                    for kind, spans in kinds.items()
                },
                "failure_probability": 0.03,
            }
        )
    )
    text += "# For a subsystem that names no team: whoever is on call.\n"
    return text + yaml_text.block(
        {"team": Line({"id": "jour", "seats": 2}), "verify_minutes": _span(Span(15, 25))}
    )


def _span(span: Span) -> Line:
    return Line({"p50": _minutes(span.p50), "p80": _minutes(span.p80)})


def _minutes(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + (f"{rest}m" if rest or not hours else "")


def _readme(estate: Estate) -> str:
    drafts = estate.drafts
    staying = sum(draft.entry.kind == "stays" for draft in drafts)
    partners = sum(draft.entry.kind == "external" for draft in drafts)
    return f"""# Sample estate: {AGENCY}

A made-up Swedish social insurance agency, for practising and for tests. It is inspired by public
accounts of how such an agency once moved its systems over one weekend. No part, person or figure
of a real agency is in it; partners bear the names of real kinds of partner, and nothing here
describes them. All people are made up, and their telephone numbers belong to nobody.

| | |
|---|---|
| subsystems that move | {estate.size.subsystems} |
| subsystems that stay on the old platform | {staying} |
| partners' systems | {partners} |
| links | {estate.size.links} |
| seed | {estate.size.seed} |

The files were written by

    {command_line(estate)}

and the same command writes the same bytes again. The links are not kept with them, because they
can be made in seconds:

    migrator sample DIR --links-only

DIR is this folder. Then:

    migrator check DIR

Some figures are left out on purpose, as in real life: what `assumptions.yaml` fills in is marked as
assumed everywhere. Edit any file freely; `sample-estate.json` only says how the links are made.
"""
