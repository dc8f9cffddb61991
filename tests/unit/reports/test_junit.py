"""JUnit XML, read back by another program's reader."""

from __future__ import annotations

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from migrator.reports.findings import Case
from migrator.reports.junit import junit_xml

CASES = (
    Case("forward", "w01", 1.25, None, None),
    Case("unwind", "w01", 0.5, "rows were lost\nof housing-intake", None),
    Case("forward", "w02", 0.0, None, "its gate is after the window"),
)


def read(text: str) -> list[TestSuite]:
    return list(JUnitXml.fromstring(text.encode()))


def test_groups_are_suites_with_their_counts() -> None:
    first, second = read(junit_xml(CASES))
    assert (first.name, first.tests, first.failures, first.skipped) == ("w01", 2, 1, 0)
    assert (second.name, second.tests, second.failures, second.skipped) == ("w02", 1, 0, 1)
    assert first.time == 1.75


def test_a_failure_says_its_first_line_as_message_and_all_of_it_as_text() -> None:
    case: TestCase = list(read(junit_xml(CASES))[0])[1]
    (failure,) = case.result
    assert isinstance(failure, Failure)
    assert failure.message == "rows were lost"
    assert failure.text == "rows were lost\nof housing-intake"


def test_a_case_left_out_says_why() -> None:
    case: TestCase = next(iter(read(junit_xml(CASES))[1]))
    (skipped,) = case.result
    assert isinstance(skipped, Skipped)
    assert skipped.message == "its gate is after the window"


def test_characters_that_xml_cannot_hold_do_not_spoil_the_file() -> None:
    (suite,) = read(junit_xml((Case("a\x00b", "<g>", 0.0, "\x1b[31mred & ]]>", None),)))
    assert suite.name == "<g>"
    assert next(iter(suite)).name == "a\N{REPLACEMENT CHARACTER}b"


def test_no_cases_are_a_file_all_the_same() -> None:
    assert read(junit_xml(())) == []
