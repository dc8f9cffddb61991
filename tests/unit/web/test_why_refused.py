"""What the engine answers to handlers is known to the pages, word for word, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.engine.ports import OperatorCommand
from migrator.reports.texts import texts
from migrator.web.why_refused import SENTENCES, why_refused
from run_with_pages import ASKED, CHECK, Pages, pages_of_a_run

ENGINE = Path(__file__).parents[3] / "src" / "migrator" / "engine"
OF_HANDLERS = ("verdicts.py", "handing.py", "attendance.py")
NOT_TO_HANDLERS = (
    "a verdict is works",  # a page sends no other
    "say why",  # asked for before it is sent
    "no defect",
    "defect",
    "nothing can be refused there",
    "is refused already",
    "x1 was taken back by x1",  # these two are of defects, which wave leads raise
    "is of what was taken back since",
)


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def said_by_the_engine() -> Iterator[str]:
    """Every refusal of the handlers' verbs, with something in the place of its names."""
    for name in OF_HANDLERS:
        text = (ENGINE / name).read_text(encoding="utf-8")
        for body in re.findall(r"raise Refusal\(((?:[^()]|\([^()]*\))*)\)", text):
            parts = re.findall(r'f?"((?:[^"\\]|\\.)*)"', body)
            words = re.sub(r"\{[^{}]*\}", "x1", "".join(parts))
            if words:
                yield words


def test_every_refusal_of_a_handlers_verb_has_a_sentence(pages: Pages) -> None:
    run, t = pages.seen.run, texts("sv")
    given = OperatorCommand("id", "tick", ASKED, asserted=False, target=CHECK, reason="", saw=1)
    found = list(said_by_the_engine())
    assert len(found) > 15, "they are found in the sources"
    for words in found:
        if any(each in words for each in NOT_TO_HANDLERS):
            continue
        shown = words
        for state in ("passed", "refused", "void", "open"):
            if "x1 is x1, so no verdict" in words:
                shown = words.replace("x1 is x1", f"x1 is {state}")
                if state == "open" and "taken back" not in shown:
                    continue
            assert why_refused(run, given, shown, t), shown


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_sentence_is_whole_and_without_words_of_the_command_line(
    pages: Pages, language: str
) -> None:
    run, t = pages.seen.run, texts(language)
    given = OperatorCommand("id", "tick", ASKED, asserted=False, target=CHECK, reason="", saw=1)
    for _, sentence in SENTENCES:
        shown = t._(sentence, said="-", name="-")
        assert shown[-1] == "."
        assert "migrator" not in shown
        assert "RUN" not in shown
    assert why_refused(run, given, "something that nobody knows", t) == ""
