"""The engine's codes in people's words: steps, undos, troubles, outcomes, decisions, verdicts.

Used by pages, pictures and paper. One table per kind of code; a code that has no word here is a
bug, and a test compares the tables with the engine's own lists. The words are plain on purpose:
they are read at night, aloud, by people who did not write the program.
"""

from __future__ import annotations

from typing import Final

from migrator.reports.texts import N_, Texts

STEPS: Final = {
    "prepare": N_("prepare the target"),
    "baseline": N_("measure the links before the move"),
    "copy": N_("copy data ahead"),
    "quiesce": N_("stop taking in new work"),
    "fence": N_("close off the old side"),
    "final-copy": N_("copy the last data"),
    "start": N_("start on the target"),
    "probe": N_("try the target out"),
    "grant": N_("give authority to the new side"),
    "switch": N_("switch the traffic"),
    "drain": N_("let the old side finish"),
    "probe-links": N_("try the links"),
    "verify": N_("have it verified"),
    "soak": N_("watch it for a while"),
    "accept": N_("accept"),
    "finalise": N_("make it final"),
    "retire": N_("retire the old side"),
    "task": N_("a task of the plan"),
}

UNDOS: Final = {
    "fence-target": N_("close off the new side"),
    "bring-back": N_("bring the data back"),
    "start-source": N_("start the old side"),
    "grant-source": N_("give authority to the old side"),
    "switch-back": N_("switch the traffic back"),
    "stop-target": N_("stop the new side"),
    "discard-copy": N_("throw the copy away"),
    "remove": N_("remove what was prepared"),
    "prove-back": N_("prove that the old side answers"),
    "undo-task": N_("the undo of a task"),
}

TROUBLES: Final = {
    "step_failed": N_("A step failed"),
    "timed_out": N_("A step took too long"),
    "links_regressed": N_("Links stopped working"),
    "refused": N_("A handler said that it does not work"),
    "unanswered": N_("Nobody answered in time"),
    "undo_failed": N_("An undo failed"),
    "stalled": N_("Something stood still"),
    "soak": N_("The watched time was not quiet"),
    "turn_back": N_("The turn-back time was reached"),
    "forecast": N_("The forecast was too bad"),
    "abort": N_("The run was aborted"),
    "operator": N_("A person stopped the wave"),
    "unwind": N_("The wave was taken back"),
}

WAVE_OUTCOMES: Final = {
    "planned": N_("not begun"),
    "deciding": N_("waits for a decision"),
    "declined": N_("declined"),
    "moving": N_("under way"),
    "held": N_("held"),
    "unwinding": N_("being taken back"),
    "stuck": N_("stuck"),
    "returned": N_("returned"),
    "blocked": N_("blocked"),
    "accepted": N_("accepted"),
    "committing": N_("being made final"),
    "committed": N_("final"),
}

OUTCOMES: Final = {
    "completed": N_("Completed"),
    "with_exceptions": N_("Completed with exceptions"),
    "returned": N_("Partly returned"),
    "stuck": N_("Stuck"),
    "running": N_("Under way"),
    "paused": N_("Paused"),
    "aborting": N_("Being aborted"),
}

DECISIONS: Final = {
    "go": N_("said go"),
    "no-go": N_("said no-go"),
    "lapsed": N_("nobody answered, so the plan's default was used: no-go"),
    "postpone": N_("postponed the decision"),
    "release": N_("released the hold"),
    "veto": N_("vetoed the unwind for a time"),
    "override-asked": N_("asked to override the rule; a second person must join"),
    "override": N_("overrode the rule"),
    "retry": N_("had it tried again"),
    "skip": N_("had it skipped"),
    "force-done": N_("declared it done"),
    "abandon": N_("gave it up"),
    "commit": N_("made the wave final"),
    "again": N_("opened a new attempt"),
    "extend": N_("gave more time"),
    "sign": N_("signed a limit"),
    "amend-asked": N_("asked to replace a file of it; a second person must join"),
    "amend": N_("had a file of it replaced"),
    "replan-asked": N_("asked for another plan; a second person must join"),
    "replan": N_("let what had not started follow another plan"),
    "waive": N_("let a link be that has stopped working"),
    "record": N_("wrote down what was done by hand"),
    "disturb": N_("opened a disturbance"),
    "staff": N_("gave a disturbance its people"),
    "close": N_("closed a disturbance"),
    "pause": N_("paused the run"),
    "version": N_("let the run go on with another version of the program"),
    "resume": N_("let the run go on"),
    "abort": N_("aborted the run"),
}

DRY_RUNS: Final = {
    "passed": N_("its dry run with it passed"),
    "none_declared": N_("it declares no dry run, so nothing was tried out"),
    "practice": N_("its dry run is not made in a practice, so nothing was tried out"),
}
"""What became of the dry run of a step of which a file was replaced."""

RESULTS: Final = {
    "returned": N_("The whole wave is back on the old side."),
    "part_returned": N_("The unwound part is back on the old side; the rest went on."),
    "released": N_("The wave went on."),
    "stuck": N_("Stuck: a person must act."),
    "unstuck": N_("A person resolved it and the unwind went on."),
    "open": N_("Not resolved at the last line of the journal."),
}

WRONG_SIDE: Final = "wrong_side"
"""In place of a verdict: it was given on what the old side shows, and does not count."""

VERDICTS: Final = {
    "works": N_("works"),
    "works_but": N_("works, with a remark"),
    "does_not_work": N_("does not work"),
    "cannot_judge": N_("cannot judge"),
    WRONG_SIDE: N_("looked at the old side; not counted"),
}

APART: Final = {
    ("note", False): N_("note kept apart"),
    ("note", True): N_("note erased"),
    ("picture", False): N_("picture kept apart"),
    ("picture", True): N_("picture erased"),
}
"""What came along with a verdict, by kind and by whether somebody erased it."""

CHECKS: Final = {
    "passed": N_("verified"),
    "refused": N_("refused"),
    "void": N_("no longer counts"),
    "open": N_("no answer yet"),
}

LOOKS: Final = {
    "baseline": N_("before the move"),
    "probe-links": N_("after the switch"),
    "soak": N_("during the watched time"),
    "prove-back": N_("after it was taken back"),
}

ACT_OUTCOMES: Final = {
    "done": N_("done"),
    "failed": N_("failed"),
    "timed_out": N_("took too long"),
    "not_done": N_("had not taken effect"),
    "unknown": N_("unknown, even to the platform"),
    "": N_("not ended"),
}

SIDES: Final = {"old": N_("old side"), "none": N_("neither side"), "new": N_("new side")}

KINDS: Final = {
    "stateless": N_("keeps no data"),
    "stateful": N_("keeps data"),
    "batch": N_("batch run"),
}

MODES: Final = {
    "virtual": N_("a rehearsal in virtual time"),
    "scaled": N_("a practice run in speeded-up time"),
    "wall": N_("a run in real time"),
}

ROLES_MANY: Final = {
    "decision_maker": N_("Decision makers"),
    "wave_lead": N_("Wave leads"),
    "engineer": N_("Engineers"),
    "handler": N_("Case handlers"),
    "auditor": N_("Auditors"),
}

SEAL_RESULTS: Final = {"passed": N_("passed"), "failed": N_("failed")}

TONES: Final = {
    "completed": "good", "with_exceptions": "warn", "returned": "warn", "stuck": "bad",
    "running": "calm", "paused": "warn", "aborting": "bad",
    "accepted": "good", "committed": "good", "committing": "calm", "planned": "calm",
    "deciding": "calm", "moving": "calm", "held": "warn", "unwinding": "warn",
    "declined": "warn", "blocked": "warn",
    "passed": "good", "refused": "bad", "void": "calm", "open": "calm",
    "done": "good", "failed": "bad", "timed_out": "bad",
}  # fmt: skip
"""Which of four tones a badge takes. The word carries the meaning; the tone only repeats it."""


def act_word(t: Texts, name: str) -> str:
    """A step or an undo in words."""
    known = STEPS.get(name) or UNDOS.get(name)
    return name.replace("-", " ") if known is None else t._(known)  # a task has its own name


def practice_words(t: Texts, *, practice: bool, target: str) -> str:
    """The mode in words, as it stands on every page and printout."""
    if practice:
        return t._("PRACTICE: nothing real is moved")
    return t._("LIVE: %(target)s", target=target)
