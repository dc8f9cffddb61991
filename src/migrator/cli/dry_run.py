"""`migrator dry-run`: the check for CI on every change to a plan.

Lints the plan, plays three weekends on the simulated platform (forward, everything taken back,
every wave rolled back by itself), and writes what a CI reads: JUnit XML, GitLab's Code Quality
JSON, SARIF, and the seal. It judges the exercise: 0 when every step and every unwind did what it
should, whatever the weekends' own outcomes were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator import __version__
from migrator.cli import dry_run_cluster, output
from migrator.cli.lint import untried_line
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import (
    UNSOUND,
    InventoryOption,
    PlanArgument,
    PlanWithInventory,
    fault_of,
    inventory_folder,
    open_plan,
    open_with_inventory,
    refuse_unsound,
)
from migrator.errors import InputError
from migrator.plan.findings import errors
from migrator.plan.lint import ANOTHER_INVENTORY

if TYPE_CHECKING:
    from migrator.plan.findings import Finding
    from migrator.plan.seal import Seal
    from migrator.reports.exercise import Exercise
    from migrator.reports.findings import Case
    from migrator.reports.findings import Finding as CiFinding

_REFERENCE = "dry-run-failed"


def command(  # noqa: PLR0917 - the options of one command
    plan: PlanArgument,
    inventory: InventoryOption = None,
    seed: Annotated[int, typer.Option(help="Which weekends are played.")] = 1,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit XML, for any CI.")
    ] = None,
    codequality: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write Code Quality JSON, for GitLab.")
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write SARIF, for GitHub.")
    ] = None,
    seal: Annotated[bool, typer.Option(help="Write the seal beside the plan.")] = True,
    context: dry_run_cluster.ContextOption = "",
    kubeconfig: dry_run_cluster.KubeconfigOption = None,
    min_coverage: dry_run_cluster.CoverageOption = None,
    form: FormatOption = Format.text,
) -> int:
    """Exercise every step and every unwind of a plan; made for CI.

    \b
    Examples:
      migrator dry-run plans/ours.yaml
      migrator dry-run plans/ours.yaml --junit dry-run.xml --codequality quality.json
      migrator dry-run plans/ours.yaml --sarif dry-run.sarif --no-seal
      migrator dry-run plans/ours.yaml --context target --min-coverage 40

    With --context every write of every move is tried on that cluster as well, as a dry run.
    Exit code 0: every step and unwind did what it should. 1: one did not, or the server judged
    less than --min-coverage. 2: the plan is to be mended first. docs/ci.md has ready snippets for
    GitLab and GitHub.
    """
    dry_run_cluster.refuse_lonely(context, kubeconfig, min_coverage)
    files = _CiFiles(junit, codequality, sarif)
    opened = _open(plan, inventory, files)
    findings = opened.lint()
    if errors(findings):
        files.write(opened.plan.name, _for_ci(opened, None, findings), None)
        refuse_unsound(opened)
    from migrator.cli.rehearse import acts, counting_acts
    from migrator.reports.exercise import exercised
    from migrator.wiring import dry_run

    itinerary = opened.itinerary()
    # Three weekends; what one of them leaves undone, another one does twice, there and back.
    with output.progress("Exercising every step and every unwind", 3 * acts(itinerary)) as advance:
        played = dry_run(itinerary, seed, counting_acts(advance))
        exercise = exercised(itinerary, played.forward, played.taken_back, played.rolled_back)
    files.write(opened.plan.name, _for_ci(opened, exercise, findings), exercise)
    made = _seal(opened, exercise, seed)
    if seal and exercise.passed:
        _write_seal(plan, made)
    folder = opened.inventory.folder
    tried = (
        dry_run_cluster.try_on_cluster(itinerary, folder, context, kubeconfig) if context else None
    )
    if form is Format.json:
        there = {} if tried is None else {"cluster": dry_run_cluster.facts(tried, min_coverage)}
        output.emit({**_facts(exercise, findings, made), **there})
    else:
        _show(opened, exercise, findings, made)
        if tried is not None:
            dry_run_cluster.show(tried, context)
    untried_line(opened)
    passed = exercise.passed
    if tried is not None:
        passed = dry_run_cluster.is_covered(tried, min_coverage) and tried.passed and passed
    return 0 if passed else 1


@dataclass(frozen=True, slots=True)
class _CiFiles:
    """What a CI wants to read, as the command line asks for it."""

    junit: Path | None
    codequality: Path | None
    sarif: Path | None

    def write(self, name: str, found: Sequence[CiFinding], exercise: Exercise | None) -> None:
        """Write what was asked for; also for a plan with errors, so that a CI shows them."""
        from migrator.cli.report import write
        from migrator.reports.codequality import codequality_json
        from migrator.reports.junit import junit_xml
        from migrator.reports.sarif import sarif_json

        if self.junit is not None:
            cases = (*_lint_cases(found), *(exercise.cases if exercise else ()))
            write(self.junit, junit_xml(cases, name))
        if self.codequality is not None:
            write(self.codequality, codequality_json(found))
        if self.sarif is not None:
            write(self.sarif, sarif_json(found, __version__))


def _open(plan: Path, inventory: Path | None, files: _CiFiles) -> PlanWithInventory:
    """Read the plan and all it needs; what cannot be read is an error that a CI shows, too."""
    folder = None
    try:
        file = open_plan(plan)
        folder = inventory_folder(file, inventory)
        return open_with_inventory(file, inventory)
    except InputError as error:
        files.write(plan.stem, _unread(plan, folder, error), None)
        raise


def _unread(plan: Path, folder: Path | None, error: InputError) -> list[CiFinding]:
    """The faults of a file that cannot be read; an inventory names its files from its folder."""
    from migrator.reports.findings import Finding as CiFinding
    from migrator.reports.findings import Severity

    page, hint = error.reference, error.hint
    if not error.faults:
        place = plan.as_posix()
        return [CiFinding(page, Severity.ERROR, error.message, place, None, hint, page)]
    return [
        CiFinding(
            page,
            Severity.ERROR,
            f"{fault.path}: {fault.message}" if fault.path else fault.message,
            fault.file if folder is None else (folder / fault.file).as_posix(),
            fault.line,
            hint,
            page,
        )
        for fault in error.faults
    ]


def _lint_cases(found: Sequence[CiFinding]) -> list[Case]:
    """One case for each error: a CI tells cases apart by their names, so the message is in it."""
    from migrator.reports.findings import Case

    return [
        Case(
            f"{each.rule}: {each.message}",
            "lint",
            0.0,
            f"{each.file}{f':{each.line}' if each.line else ''}: {each.message}\n{each.hint}",
            None,
        )
        for each in found
        if each.severity.value == "error" and each.rule != _REFERENCE
    ] or [Case("the plan holds with its inventory", "lint", 0.0, None, None)]


def _seal(opened: PlanWithInventory, exercise: Exercise, seed: int) -> Seal:
    from migrator.plan.seal import make_seal

    return make_seal(
        opened.plan.name,
        opened.inputs(),
        passed=exercise.passed,
        seed=seed,
        steps_exercised=exercise.steps,
        undos_exercised=exercise.undos,
        waves_unwound=exercise.waves_unwound,
        not_exercised=exercise.not_exercised,
    )


def _write_seal(plan: Path, seal: Seal) -> None:
    from migrator.cli.report import write
    from migrator.plan.seal import seal_path, seal_to_text

    path = Path(seal_path(plan))
    write(path, seal_to_text(seal))
    output.say(f"written: {path}")


def _for_ci(
    opened: PlanWithInventory, exercise: Exercise | None, findings: tuple[Finding, ...]
) -> list[CiFinding]:
    from migrator.reports.findings import Finding as CiFinding
    from migrator.reports.findings import Severity

    document = opened.file.document
    found = []
    for finding in findings:
        line = fault_of(finding, document).line
        severity = Severity(finding.severity.value)
        file = opened.file.path.as_posix()
        page = ANOTHER_INVENTORY if finding.rule == ANOTHER_INVENTORY else UNSOUND
        found.append(
            CiFinding(finding.rule, severity, finding.message, file, line, finding.hint, page)
        )
    found += [
        CiFinding(
            _REFERENCE,
            Severity.ERROR,
            f"{case.group} {case.name}: {case.failure}",
            opened.file.path.as_posix(),
            document.line(("waves",)),
            "rehearse the plan with the same seed and read the report",
            _REFERENCE,
        )
        for case in (exercise.failures if exercise else ())
    ]
    return found


def _facts(exercise: Exercise, findings: tuple[Finding, ...], seal: Seal) -> dict[str, object]:
    return {
        "passed": exercise.passed,
        "cases": len(exercise.cases),
        "failures": [
            {"group": case.group, "name": case.name, "failure": case.failure}
            for case in exercise.failures
        ],
        "skipped": sum(case.skipped is not None for case in exercise.cases),
        "steps_exercised": list(exercise.steps),
        "undos_exercised": list(exercise.undos),
        "waves_unwound": list(exercise.waves_unwound),
        "not_exercised": list(exercise.not_exercised),
        "warnings": sum(finding.severity.value == "warning" for finding in findings),
        "seal": seal.short_form,
    }


def _show(
    opened: PlanWithInventory, exercise: Exercise, findings: tuple[Finding, ...], seal: Seal
) -> None:
    output.show("ÖVNING/PRACTICE: a dry run on the simulated platform; nothing real is moved")
    groups = dict.fromkeys(case.group for case in exercise.cases)
    rows = []
    for group in groups:
        cases = [case for case in exercise.cases if case.group == group]
        failed = sum(case.failure is not None for case in cases)
        skipped = sum(case.skipped is not None for case in cases)
        rows.append((group, len(cases), failed, skipped))
    output.show(output.table(("exercise", "cases", "failed", "skipped"), rows))
    for case in exercise.failures:
        output.show(f"{output.colour('failed', 'red')}: {case.group} {case.name}: {case.failure}")
    for sentence in exercise.not_exercised:
        output.show(f"not exercised: {sentence}")
    warnings = sum(finding.severity.value == "warning" for finding in findings)
    word = "passed" if exercise.passed else "failed"
    output.show(f"{opened.file.path}: {word}, {warnings} warnings, seal {seal.short_form}")
