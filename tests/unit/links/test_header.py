"""The header of links.csv: what a person meant is named."""

from __future__ import annotations

import pytest

from migrator.inventory.model import LINK_COLUMNS
from migrator.links.header import check_columns, check_header

RIGHT = ",".join(LINK_COLUMNS)


def messages(row: str) -> list[str]:
    return [fault.message for fault in check_header(row, "links.csv")[1]]


def test_the_right_header_has_no_fault() -> None:
    assert check_header(RIGHT, "links.csv") == (LINK_COLUMNS, ())


def test_columns_may_stand_in_any_order() -> None:
    turned = tuple(reversed(LINK_COLUMNS))
    assert check_header(",".join(turned), "links.csv") == (turned, ())


def test_quoted_names_are_the_same_names() -> None:
    row = ",".join(f'"{name}"' for name in LINK_COLUMNS)
    assert check_header(row, "links.csv") == (LINK_COLUMNS, ())


@pytest.mark.parametrize(
    ("sign", "shown"), [(";", "';'"), ("\t", "a tab"), ("|", "'|'"), (":", "':'")]
)
def test_another_delimiter_is_named(sign: str, shown: str) -> None:
    (message,) = messages(RIGHT.replace(",", sign))
    assert message == f"the columns are separated by {shown}; links.csv is separated by commas"


def test_a_first_row_of_values_is_no_header() -> None:
    (message,) = messages("l-1,web.app,payments.app,https,443,personal,5,async,3,log")
    assert message.startswith("the first row is no header; expected id,source,target")


def test_a_missing_column_is_named() -> None:
    assert messages(RIGHT.replace(",evidence", "")) == ["column 'evidence' is missing"]


def test_an_unknown_column_is_named() -> None:
    (message,) = messages(f"{RIGHT},remark_of_mine")
    assert message.startswith("column 'remark_of_mine' is not known; the columns are id, source")


def test_a_column_without_a_name_is_named_by_its_place() -> None:
    (message,) = messages(f"{RIGHT},")
    assert message.startswith("column 11, which has no name, is not known")


def test_a_doubled_column_is_named() -> None:
    assert messages(f"{RIGHT},id") == ["column 'id' stands twice"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("sorce", "source"),
        ("Calls per day", "calls_per_day"),
        ("latency-class", "latency_class"),
        ("dst", "target"),
    ],
)
def test_a_misspelt_column_is_named_with_the_right_one(wrong: str, right: str) -> None:
    assert messages(RIGHT.replace(right, wrong)) == [f"column '{wrong}' should be named '{right}'"]


def test_a_misspelling_of_a_column_that_is_there_is_unknown() -> None:
    faults = check_columns((*LINK_COLUMNS, "sorce"), "links.csv")
    assert [fault.message.split(";")[0] for fault in faults] == ["column 'sorce' is not known"]


def test_two_misspellings_of_one_column_are_not_both_right() -> None:
    columns = tuple(name for name in LINK_COLUMNS if name != "source")
    found = [f.message.split(";")[0] for f in check_columns((*columns, "sorce", "surce"), "x")]
    assert found == ["column 'sorce' should be named 'source'", "column 'surce' is not known"]


def test_all_faults_are_named_at_once() -> None:
    assert len(messages(RIGHT.replace("source", "sorce").replace(",port", "") + ",x1")) == 3
