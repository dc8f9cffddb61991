"""What a look at links found, in one sentence: for the screen, the status and the gate.

Used by `cli/sentences.py` and `reports/seen.py`. Pure. What was not looked at is always said: a
count of links that answer must never be read as a count of all of them.
"""

from __future__ import annotations

from migrator.engine.events import LinksCovered, LinksJudged


def links_said(judged: LinksJudged) -> str:
    """How many answer, what is worse, and what nobody knows; English, for people who operate."""
    wrong = f"{judged.wrong_side} on the wrong side" if judged.wrong_side else ""
    slow = f"{judged.slower} slower" if judged.slower else ""
    rest = judged.regressed - judged.wrong_side - judged.slower
    lost = f"{rest} stopped answering" if rest else ""
    worse = ", ".join(each for each in (lost, wrong, slow) if each)
    parts = [
        f"{judged.same + judged.better} links answer ({judged.look})",
        worse,
        f"{judged.broken} did not before" if judged.broken else "",
        f"{judged.flaky} not every time" if judged.flaky else "",
        f"{judged.unproved} not proved" if judged.unproved else "",
        f"{judged.untestable} untestable" if judged.untestable else "",
        f"{judged.waived} waived" if judged.waived else "",
    ]
    said = ", ".join(each for each in parts if each)
    return f"{said}: {judged.causes[0]}" if judged.causes else said


def coverage_said(covered: LinksCovered | None) -> str:
    """How much is known of the links before anything moves; the gate's question."""
    if covered is None or not covered.sweep:
        return "nobody has looked at the links: take a baseline before anything moves"
    parts = [
        f"{covered.proved:,} of {covered.links:,} links proved",
        f"{covered.broken:,} did not answer" if covered.broken else "",
        f"{covered.unproved:,} not proved" if covered.unproved else "",
        f"{covered.untestable:,} untestable" if covered.untestable else "",
        f"{covered.waived:,} waived" if covered.waived else "",
    ]
    said = ", ".join(each for each in parts if each)
    return f"{said} (sweep {covered.sweep}, {covered.swept_at})"
