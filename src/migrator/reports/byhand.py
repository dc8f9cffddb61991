"""What a person does, and looks at, when a step or an undo must be done without the program.

Used by `paper.py`. One sentence for the act and one for the proof, for every kind of step and undo:
short enough for a row on paper, and without naming any platform's own commands, since those stand
in the team's own instructions.
"""

from __future__ import annotations

from typing import Final

from migrator.reports.texts import N_

BY_HAND: Final = {
    "prepare": N_("Put in place on the target what the subsystem needs. Start nothing."),
    "baseline": N_("Try every link of the subsystem and write down which of them answer."),
    "copy": N_("Copy the data to the target. The old side goes on working."),
    "quiesce": N_("Stop letting in new work. Let what has begun finish."),
    "fence": N_("Close off the old side: nothing may reach it and it may write nothing."),
    "final-copy": N_("Copy what has changed since the first copy."),
    "start": N_("Start the subsystem on the target. It must not take in work yet."),
    "probe": N_("Call the target directly, past the users' route."),
    "grant": N_("Write down the hour: from now on the new side may let work take effect."),
    "switch": N_("Change the route so that users and other systems come to the target."),
    "drain": N_("Let the old side finish what reached it, but no longer than the limit."),
    "probe-links": N_("Try every link of the subsystem again and compare with the first list."),
    "verify": N_("Call the handlers named for this wave. Wait for their word."),
    "soak": N_("Watch error counts and answer times until the time is up."),
    "accept": N_("Sign that every line above is done."),
    "finalise": N_("Remove the way back. Only after the decision to make it final."),
    "retire": N_("Take away what is left of the old side."),
    "fence-target": N_("Close off the new side: nothing may reach it and it may write nothing."),
    "bring-back": N_("Copy back what was changed on the new side."),
    "start-source": N_("Start the old side again and open it for work."),
    "grant-source": N_("Write down the hour: from now on the old side may let work take effect."),
    "switch-back": N_("Change the route back to the old side."),
    "stop-target": N_("Stop the subsystem on the target."),
    "discard-copy": N_("Remove the copied data from the target, or note where it is left."),
    "remove": N_("Remove what was put in place on the target."),
    "prove-back": N_("Try every link on the old side and compare with the first list."),
    "task": N_("Do what the plan says under this name."),
    "undo-task": N_("Take back what the plan says under this name."),
}

PROOF: Final = {
    "prepare": N_("Everything is listed as present and nothing runs."),
    "baseline": N_("The list is written and signed."),
    "copy": N_("The number of rows and the checksums are the same on both sides."),
    "quiesce": N_("No new work has come in for two minutes."),
    "fence": N_("Try to reach the old side: you must be refused."),
    "final-copy": N_("The number of rows and the checksums are the same on both sides."),
    "start": N_("Every part reports that it is ready, and the log shows no errors."),
    "probe": N_("It answers correctly, three times in a row."),
    "grant": N_("The old side is still closed off."),
    "switch": N_("A call by the users' route is answered by the new side."),
    "drain": N_("The old side has no open calls."),
    "probe-links": N_("Every link that answered before answers now."),
    "verify": N_("As many handlers as wanted have said that it works."),
    "soak": N_("No more errors than before the move."),
    "accept": N_("The wave lead has signed."),
    "finalise": N_("The decision is signed with hour and name."),
    "retire": N_("The old side is gone from the list of what runs."),
    "fence-target": N_("Try to reach the new side: you must be refused."),
    "bring-back": N_("The number of rows and the checksums are the same on both sides."),
    "start-source": N_("Every part reports that it is ready."),
    "grant-source": N_("The new side is still closed off."),
    "switch-back": N_("A call by the users' route is answered by the old side."),
    "stop-target": N_("Nothing of it runs on the target."),
    "discard-copy": N_("The data is gone, or its place is written down."),
    "remove": N_("Nothing of ours is left on the target, or it is written down."),
    "prove-back": N_("Every link that answered before the move answers now."),
    "task": N_("As the plan says; else the team's word."),
    "undo-task": N_("As the plan says; else the team's word."),
}
