"""The program that makes mutants; and that every one still applies to the tree as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mutants.mutants import (
    HERE,
    PROMISES,
    ROOT,
    Answer,
    Change,
    Mutant,
    NotAppliedError,
    changed,
    faults_of,
    first_red,
    mutated,
    read_mutants,
    try_all,
)

KNOWN = read_mutants(HERE)
PROGRAM = "src/guard.py"
FENCED = "fenced = True\n"


@dataclass
class Pytest:
    """Answers as pytest would: green on the tree as it is, and as told on a mutant."""

    answer: Answer
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def __call__(self, tree: Path, tests: Sequence[str]) -> Answer:
        text = (tree / PROGRAM).read_text(encoding="utf-8")
        self.asked.append((text, tuple(tests)))
        return Answer(0, "", "2 passed") if text == FENCED else self.answer


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / PROGRAM).write_text(FENCED, encoding="utf-8")
    return tmp_path


def a_mutant(name: str = "fence", old: str = "True", new: str = "False") -> Mutant:
    return Mutant(
        name=name,
        guarantee="fence",
        removes="The fence.",
        tests=[f"tests/test_{name}.py"],
        change=[Change(file=PROGRAM, old=old, new=new)],
    )


def test_a_mutant_that_is_noticed_is_told_with_the_test_that_turned_red(tree: Path) -> None:
    tests = Pytest(Answer(1, "tests/test_fence.py::test_it", "1 failed"))
    (verdict,) = try_all([a_mutant()], tree, tests)

    assert (verdict.word, verdict.why) == ("noticed", "tests/test_fence.py::test_it")
    assert verdict.good
    assert tests.asked == [
        (FENCED, ("tests/test_fence.py",)),
        ("fenced = False\n", ("tests/test_fence.py",)),
    ]
    assert (tree / PROGRAM).read_text(encoding="utf-8") == FENCED


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Answer(0, "", "1 passed"), "SURVIVED"),
        (Answer(1, "", "1 failed"), "BROKEN"),
        (Answer(2, "tests/test_fence.py::test_fence", "1 error"), "BROKEN"),
        (Answer(4, "", "no such test"), "BROKEN"),
        (Answer(-1, "", "no end within 120 s"), "BROKEN"),
    ],
)
def test_a_mutant_that_no_test_notices_is_a_failure(tree: Path, answer: Answer, word: str) -> None:
    (verdict,) = try_all([a_mutant()], tree, Pytest(answer))

    assert (verdict.word, verdict.good) == (word, False)


def test_a_change_that_does_not_apply_exactly_once_is_a_failure(tree: Path) -> None:
    mutants = [
        a_mutant("gone", "no longer there"),
        a_mutant("often", "e"),
        a_mutant("same", "e", "e"),
    ]
    verdicts = list(try_all(mutants, tree, Pytest(Answer(1, "a test", ""))))

    assert [(each.word, each.good) for each in verdicts] == [("NOT APPLIED", False)] * 3
    assert (
        verdicts[0].why == f"this must be in {PROGRAM} once, and is there 0 times: no longer there"
    )
    assert "3 times" in verdicts[1].why


def test_a_change_is_looked_for_in_the_files_of_a_folder(tree: Path) -> None:
    (tree / "src" / "other.py").write_text("held = False\n", encoding="utf-8")
    change = Change(file="src", old="True", new="False")
    once = a_mutant().model_copy(update={"change": [change]})
    twice = once.model_copy(update={"change": [change.model_copy(update={"old": "e"})]})

    assert changed(once, tree) == {tree / PROGRAM: "fenced = False\n"}
    with pytest.raises(NotAppliedError, match="in src once, and is there 5 times: e"):
        changed(twice, tree)


def test_tests_that_are_red_without_a_mutant_prove_nothing(tree: Path) -> None:
    (tree / PROGRAM).write_text("fenced = None or True\n", encoding="utf-8")
    (verdict,) = try_all([a_mutant()], tree, Pytest(Answer(1, "a test", "")))

    assert (verdict.word, verdict.good) == ("BROKEN", False)
    assert verdict.why == "without any mutant there is red: a test"


def test_a_red_test_spoils_the_verdict_on_its_own_mutant_and_on_no_other(tree: Path) -> None:
    def tester(tree: Path, tests: Sequence[str]) -> Answer:
        mutated = (tree / PROGRAM).read_text(encoding="utf-8") != FENCED
        return Answer(int(mutated or "tests/test_red.py" in tests), "a test", "")

    verdicts = try_all([a_mutant("red"), a_mutant("green")], tree, tester)

    assert [each.word for each in verdicts] == ["BROKEN", "noticed"]


def test_the_bytecode_of_what_is_changed_is_not_kept(tree: Path) -> None:
    compiled = tree / "src" / "__pycache__" / "guard.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.touch()

    with mutated(a_mutant(), tree):
        assert not compiled.exists()
        compiled.touch()
    assert not compiled.exists()


def test_the_first_red_test_is_read_from_the_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert first_red(report) == ""
    report.write_text(
        '<testsuites><testsuite><testcase file="tests/t.py" name="test_a[x y]"><failure/>'
        "</testcase></testsuite></testsuites>",
        encoding="utf-8",
    )
    assert first_red(report) == "tests/t.py::test_a[x y]"


def test_a_promise_without_a_mutant_and_a_name_that_comes_twice_are_told() -> None:
    faults = faults_of([a_mutant(), a_mutant()])

    assert faults[0] == "two mutants are called fence"
    assert faults[1:] == [f"no mutant takes away: {each}" for each in sorted(PROMISES - {"fence"})]


def test_the_lists_are_whole() -> None:
    assert faults_of(KNOWN) == []


def test_every_mutant_applies_to_the_tree_as_it_is_and_its_tests_are_there() -> None:
    """Whoever rewrites the lines that make a guarantee true says anew which they are."""
    wrong = []
    for mutant in KNOWN:
        try:
            assert changed(mutant, ROOT)
        except NotAppliedError as error:
            wrong.append(f"{mutant.name}: {error}")
        for test in mutant.tests:
            path, _, function = test.partition("::")
            name = f"def {function.partition('[')[0]}"
            if name not in (ROOT / path).read_text(encoding="utf-8"):
                wrong.append(f"{mutant.name}: there is no test {test}")
    assert wrong == []
