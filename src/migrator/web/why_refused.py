"""Why the engine did not take a handler's form, in a whole sentence of her own language. Pure.

The engine answers everybody in one language, in words of the command line. What it can say to a
handler is known here by its words, one sentence for each; a test asks the engine itself for all of
them. What is not known here is shown as it was said.
"""

from __future__ import annotations

import re
from typing import Final

from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run
from migrator.reports.texts import N_, Texts
from migrator.web.having_view import name_of_person
from migrator.web.rendering import VERDICT_WORDS

SENTENCES: Final = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (
            r"the run has ended",
            N_("The weekend is over, so nothing can be answered any more."),
        ),
        (
            r"there is no check",
            N_("This check is not there any more: the plan was changed. You need do nothing."),
        ),
        (
            r"cannot be verified yet",
            N_("This cannot be verified just now: what it is about is being moved. You are asked "
               "again when it can."),
        ),
        (
            r" is passed, so no verdict",
            N_("Others have verified this already, so nothing more is needed. If you see that it "
               "does not work: open the check and say so there, or call your wave lead."),
        ),
        (
            r" is refused, so no verdict",
            N_("Somebody else said before you that it does not work. The move is stopped, and "
               "others decide what comes next. You need do nothing."),
        ),
        (
            r" is void, so no verdict",
            N_("What this check is about has gone back to the old side. Work there as before; "
               "nothing is to be verified now."),
        ),
        (
            r" is open, so no verdict is taken back",
            N_("Your answer does not count at the moment, so there is nothing to take back."),
        ),
        (
            r"may not verify",
            N_("This check is for others, who know this function. Your answer was not counted."),
        ),
        (
            r"has said \w+ already; another person must",
            N_("You have answered this check already; the second answer must be another person's."),
        ),
        (
            r"has said \w+ already",
            N_("You have answered this check before (%(said)s). That answer counts; this one was "
               "not taken."),
        ),
        (
            r"was opened again at",
            N_("After your page was made something more was moved, so the check began anew. Open "
               "it again, look once more, and answer there."),
        ),
        (
            r"the reference has|a reference is letters",
            N_("What you wrote about what the test leaves behind is too long or holds signs that "
               "cannot stand there. Write only its number."),
        ),
        (
            r"the reference looks like a personal number",
            N_("What you wrote about what the test leaves behind looks like a personal identity "
               "number. Write the number of the case instead."),
        ),
        (
            r"has given no verdict on",
            N_("You have no answer here that could be taken back."),
        ),
        (
            r"too late: a verdict can be taken back for",
            N_("It is too late to take the answer back. If it does not work: open the check and "
               "say so there, or call your wave lead."),
        ),
        (
            r"too late: .* (is verified on it|has gone on from it)",
            N_("It is too late to take the answer back: the move has gone on from it. If it does "
               "not work: call your wave lead."),
        ),
        (
            r"; it can be handed over",
            N_("Somebody else has this check already. You need do nothing."),
        ),
        (
            r"; answer it first, or hand it over",
            N_("Whoever should have this check has another one to answer first."),
        ),
        (
            r"has not said to be there: ",
            N_("Whoever should have this check has not said that they are at their place."),
        ),
        (
            r"is not there now; hand it to somebody who is",
            N_("The person you chose is not at work just now. Choose somebody else."),
        ),
        (
            r"nobody has .* now, so nobody can hand it over",
            N_("You do not have this check any more, so it cannot be handed over."),
        ),
        (
            r"may not decide this",
            N_("Only whoever has the check, and the wave lead, can hand it over."),
        ),
        (
            r"has no shift now",
            N_("You have no shift just now. Say that you are there when it begins."),
        ),
        (
            r"is there already",
            N_("You have said already that you are there. That is enough."),
        ),
        (
            r"has not said to be there$",
            N_("You have not said that you are there, so there is nothing to take back."),
        ),
        (
            r"is not among the people of this run",
            N_("You do not stand among the people of this weekend. Tell your wave lead."),
        ),
        (
            r"^\S+ has \S+ already$",
            N_("Whoever should have this check has it already."),
        ),
    )
)  # fmt: skip
"""In this order: the first that fits."""


def why_refused(run: Run, given: OperatorCommand, why: str, t: Texts) -> str:
    """The sentence; empty where the engine's own words must do."""
    known = run.checks.get(given.target)
    said = "" if known is None else known.ticks.get(given.actor, "")
    for pattern, sentence in SENTENCES:
        if pattern.search(why):
            words = t._(VERDICT_WORDS[said]) if said in VERDICT_WORDS else "-"
            return t._(sentence, said=words, name=name_of_person(run, given.actor))
    return ""
