"""What of an openinfo may be kept."""

from __future__ import annotations

import pytest

from migrator.importers.casual_model import masked_info


@pytest.mark.parametrize(
    ("info", "kept"),
    [
        ("db=customer,uid=db2,pwd=hunter2", "db=customer"),
        ("Oracle_XA+Acc=P/scott/tiger+SesTm=60+DB=pay", "db=pay"),
        ("host=h port=5432 dbname=pay user=u password=s", "dbname=pay,host=h,port=5432"),
        ("service=scott/tiger@pay", ""),
        ("some words that may be anything", ""),
        ("", ""),
    ],
)
def test_only_what_names_the_store_is_kept(info: str, kept: str) -> None:
    assert masked_info(info) == kept
