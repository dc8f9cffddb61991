"""A rule that no link fits is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from migrator.links.table import LinkTable
from migrator.probes.model import CheckRule, Match, Untestable, Waiver
from migrator.probes.unmatched import unmatched
from sweeping import a_declaration, a_row, links_file

DAY = date(2023, 10, 20)


def test_what_no_link_has_is_named_with_what_is_near(tmp_path: Path) -> None:
    links = links_file(tmp_path / "links.parquet", [a_row("l-1", "web.app", "payments.app")])
    table = LinkTable(1, "", links, {"https": 1})
    declared = a_declaration(
        checks=(CheckRule(Match(protocol="htps"), "tcp"), CheckRule(Match(port=1), "tcp")),
        untestable=(Untestable(Match(protocol="https"), "a", "b", "c"),),
        waived=(
            Waiver(Match(link="l-1"), "a", "b", DAY),
            Waiver(Match(link="l-2"), "a", "b", DAY),
        ),
    )
    assert [str(each) for each in unmatched(declared, table)] == [
        "probes.yaml: checks[0].match.protocol: no link speaks 'htps'; did you mean 'https'?",
        "probes.yaml: waived[1].link: there is no link 'l-2'",
    ]


def test_an_estate_without_links_has_none_of_those_named() -> None:
    declared = a_declaration(waived=(Waiver(Match(link="l-1"), "a", "b", DAY),))
    assert len(unmatched(declared, LinkTable(0, "", None, {}))) == 1
