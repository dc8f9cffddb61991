r"""`migrator links`: what is proved of the links, what is not, why not, and who can change that.

Reads sweeps that were judged and never looks at a link itself. With an inventory every link is in
the answer, also one that no sweep ever had in scope; its reason is then what planning says of it.
The words of the text form stand in `links_text.py`, every figure comes from `probes/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.app import STATE_FOLDER
from migrator.cli.link_cache import CACHE
from migrator.cli.output import Format, FormatOption
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.inventory.model import Inventory
    from migrator.probes.history import Judged, Known, Wanted
    from migrator.probes.summary import Summary

SWEEPS: Final = STATE_FOLDER / "sweeps"
SHOWN_MAX: Final = 40
"""Two screens of links; all of them go to a file."""

TOLD_MAX: Final = 1_000
"""Links in one JSON answer; all of them go to a file."""

SUFFIXES: Final = (".csv", ".json", ".parquet")


class VerdictWord(Enum):
    """What can be said of a link, as words of the command line."""

    same = "same"
    better = "better"
    regressed = "regressed"
    wrong_side = "wrong_side"
    slower = "slower"
    flaky = "flaky"
    was_broken = "was_broken"
    unproved = "unproved"
    untestable = "untestable"
    waived = "waived"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the command was given: the estate, its sweeps, and what they found, oldest first."""

    inventory: Inventory | None
    sweeps: tuple[Judged, ...]
    summaries: tuple[Summary, ...]

    @property
    def owners(self) -> dict[str, str]:
        """The team of each subsystem; nothing without an inventory."""
        if self.inventory is None:
            return {}
        return {str(each.id): str(each.team) for each in self.inventory.subsystems}


def command(
    places: Annotated[
        list[Path], typer.Argument(metavar="DIR|SWEEP...", help="An inventory, or sweeps' folders.")
    ],
    *,
    sweeps: Annotated[
        Path | None,
        typer.Option(
            "--sweeps",
            metavar="FOLDER",
            help="All sweeps in it [default, with an inventory: .migrator/sweeps].",
        ),
    ] = None,
    subsystem: Annotated[
        str | None, typer.Option("--subsystem", metavar="S", help="Only links from or to it.")
    ] = None,
    unproved: Annotated[bool, typer.Option("--unproved", help="List what is unproved.")] = False,
    regressed: Annotated[
        bool, typer.Option("--regressed", help="List what is worse than before.")
    ] = False,
    untestable: Annotated[
        bool, typer.Option("--untestable", help="List what cannot be tested, and its owners.")
    ] = False,
    waived: Annotated[
        bool, typer.Option("--waived", help="List what somebody answers for, and until when.")
    ] = False,
    verdict: Annotated[
        list[VerdictWord] | None, typer.Option("--verdict", help="List what has this verdict.")
    ] = None,
    causes: Annotated[
        bool, typer.Option("--causes", help="Say why so much is worse, in ten lines.")
    ] = False,
    link: Annotated[
        str | None, typer.Option("--link", metavar="ID", help="One link, through all sweeps.")
    ] = None,
    form: FormatOption = Format.text,
    to: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="All such links: .csv, .json, .parquet."
        ),
    ] = None,
) -> None:
    """Say what is proved of the links, what is not and why, and who can change that.

    \b
    Examples:
      migrator links inventories/ours
      migrator links inventories/ours --unproved --subsystem payments
      migrator links inventories/ours --untestable --waived -o set-aside.csv
      migrator links .migrator/sweeps/wave-2-probe-links --causes
      migrator links inventories/ours --link l-004711

    The newest sweep that had a link in scope says what is known of it. A link is counted under the
    subsystem that answers. `proved` is same, better and flaky; `worse` is regressed, wrong_side
    and slower. It works before any sweep was made: then everything is unproved, and says why.
    """
    from tempfile import TemporaryDirectory

    from migrator.probes.history import knowing

    if to is not None:
        _check_output(to)
    with TemporaryDirectory(prefix="migrator-known-") as work:
        seen = _see(places, sweeps, Path(work))
        wanted = _wanted(
            seen, subsystem, verdict, unproved, regressed, untestable, waived, link=link
        )
        with knowing(seen.sweeps, Path(work)) as known:
            if to is not None:
                number = known.number(wanted)
                _write(known, wanted, to)
                output.say(f"written: {to} ({number:,} links)")
            elif link is not None:
                _answer_link(known, link, form)
            else:
                _answer(seen, known, wanted, form, with_causes=causes)


# --- What is read ----------------------------------------------------------------------------


def _see(places: list[Path], folder: Path | None, work: Path) -> Seen:
    """Find the sweeps that are meant, and what is planned where there is an inventory."""
    from migrator.inventory.reader import read_inventory
    from migrator.probes.history import Judged
    from migrator.probes.model import SWEEP_FILE, VERDICTS_FILE
    from migrator.probes.summary import read_summary

    named = [place for place in places if (place / SWEEP_FILE).exists()]
    estates = [place for place in places if place not in named]
    if len(estates) > 1:
        raise InputError(
            "usage",
            f"{estates[1]} holds no sweep, and one inventory is enough: {estates[0]}",
            hint="name an inventory's folder once, and folders that hold sweep.json",
        )
    inventory = read_inventory(estates[0]) if estates else None
    if folder is None and inventory is not None and not named:
        folder = SWEEPS
    elif folder is not None and not folder.is_dir():
        raise InputError(
            "usage", f"{folder} is no folder", hint="name the folder that sweeps are kept in"
        )
    if folder is not None:
        named += [path.parent for path in folder.glob(f"*/{SWEEP_FILE}")]
    ordered = sorted(set(named), key=lambda each: ((each / SWEEP_FILE).stat().st_mtime, each.name))
    sweeps: list[Judged] = []
    summaries: list[Summary] = []
    if inventory is not None:
        sweeps.append(_planned(inventory, work))
    for each in ordered:
        summary = read_summary(each)
        if summary is None or not (each / VERDICTS_FILE).exists():
            output.say(f"{each.name} was not judged yet and is left out")
            continue
        summaries.append(summary)
        sweeps.append(Judged(each, summary.sweep, _rules(summary)))
    if not sweeps:
        raise InputError(
            "sweep-not-judged",
            f"none of the {len(ordered)} sweeps was judged",
            hint="let `migrator probe` end, or name an inventory to see what is planned",
        )
    return Seen(inventory, tuple(sweeps), tuple(summaries))


def _planned(inventory: Inventory, work: Path) -> Judged:
    """Every link as planning sees it today, with the reasons why there would be no look."""
    from zoneinfo import ZoneInfo

    from migrator.conductor.clock import wall_now
    from migrator.links.load import read_links
    from migrator.probes.declared import examine_folder
    from migrator.probes.history import Judged
    from migrator.probes.model import Caps, Declared, Patience, Purpose
    from migrator.probes.planning import Asked, plan_sweep

    today = wall_now().astimezone(ZoneInfo(inventory.calendar.time_zone)).date()
    examined = examine_folder(inventory, today)
    if examined is None:
        output.say("there is no probes.yaml, and without one nothing is ever looked at")
        declared = Declared((), Caps(), Patience(), (), (), {})
    elif examined.declared is None:
        raise examined.error()
    else:
        declared = examined.declared
    with output.progress("Reading the links"):
        table = read_links(inventory, CACHE)
        plan = plan_sweep(
            Asked(
                id="planned",
                sweeps=work,
                purpose=Purpose.ALL,
                scope="",
                members=(),
                sides={},
                seed=1,
                today=today,
                links=table.parquet,
                links_digest=table.digest,
                owners=table.owners,
                declared=declared,
            )
        )
    rules = [
        ("untestable", number, (each.owner, each.reason, each.watch, ""))
        for number, each in enumerate(declared.untestable)
    ]
    rules += [
        ("waived", number, (each.who, each.why, "", each.until.isoformat()))
        for number, each in enumerate(declared.waived)
    ]
    return Judged(plan.folder, "none yet", tuple(rules))


def _rules(summary: Summary) -> tuple[tuple[str, int, tuple[str, str, str, str]], ...]:
    """The words of a sweep's rules, by verdict and number."""
    untestable = [
        ("untestable", number, (each.owner, each.reason, each.watch, ""))
        for number, each in enumerate(summary.untestable)
    ]
    waived = [
        ("waived", number, (each.who, each.why, "", each.until))
        for number, each in enumerate(summary.waived)
    ]
    return (*untestable, *waived)


def _wanted(
    seen: Seen,
    subsystem: str | None,
    verdicts: list[VerdictWord] | None,
    unproved: bool,
    regressed: bool,
    untestable: bool,
    waived: bool,
    *,
    link: str | None,
) -> Wanted:
    """Which links are asked for, from the flags."""
    import difflib

    from migrator.probes.history import Wanted
    from migrator.probes.verdicts import WORSE

    if subsystem is not None and seen.inventory is not None and subsystem not in seen.owners:
        near = difflib.get_close_matches(subsystem.lower(), seen.owners, n=3)
        raise InputError(
            "unknown-subsystem",
            f"there is no subsystem '{subsystem}' in {seen.inventory.name}",
            hint=f"did you mean {' or '.join(near)}?" if near else "`migrator graph` lists them",
        )
    named = [each.value for each in verdicts or []]
    named += ["unproved"] if unproved else []
    named += [each.value for each in WORSE] if regressed else []
    named += ["untestable"] if untestable else []
    named += ["waived"] if waived else []
    return Wanted(tuple(dict.fromkeys(named)), subsystem or "", link or "")


# --- What is answered ------------------------------------------------------------------------


def _answer(seen: Seen, known: Known, wanted: Wanted, form: Format, *, with_causes: bool) -> None:
    """Coverage, and below it the links or the causes that were asked for."""
    from migrator.cli import links_text
    from migrator.probes.coverage import coverage

    covered = coverage(known.counts(wanted.subsystem), seen.owners)
    listed = known.links(wanted, TOLD_MAX) if wanted.verdicts else []
    number = known.number(wanted) if wanted.verdicts else 0
    explained = [each for each in seen.summaries if each.causes] if with_causes else []
    aside = known.aside(wanted.subsystem)
    if form is Format.json:
        output.emit(links_text.facts(seen.summaries, covered, aside, listed, number, explained))
        return
    width = links_text.width()
    if with_causes:
        output.show("\n".join(links_text.causes(explained)))
    elif wanted.verdicts:
        output.show("\n".join(links_text.listed(listed[:SHOWN_MAX], number, width)))
    else:
        name = seen.inventory.name if seen.inventory else ""
        output.show("\n".join(links_text.overview(name, seen.summaries, covered, aside, width)))


def _answer_link(known: Known, link: str, form: Format) -> None:
    """One link, through all sweeps."""
    from migrator.cli import links_text

    rows = known.history(link)
    if not rows:
        near = known.near(link)
        raise InputError(
            "unknown-link",
            f"no sweep and no inventory that was named has a link '{link}'",
            hint=f"did you mean {' or '.join(near)}?" if near else "name an inventory with links",
        )
    if form is Format.json:
        output.emit({"link": link, "history": rows})
        return
    output.show("\n".join(links_text.history(rows)))


def _check_output(path: Path) -> None:
    """Refuse a file that cannot be written before anything long is done."""
    if path.suffix not in SUFFIXES or path.is_dir() or not path.parent.is_dir():
        raise InputError(
            "output-not-possible",
            f"{path} cannot be written as a table of links",
            hint=f"name a file that ends in {', '.join(SUFFIXES)}, in a folder that exists",
        )


def _write(known: Known, wanted: Wanted, path: Path) -> None:
    """Write the links whole or not at all."""
    draft = path.with_name(f".part-{path.name}")
    try:
        known.write(wanted, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
