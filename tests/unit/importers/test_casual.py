"""The importer as a whole: variables from a file, routes, and an inventory that passes `check`."""

from __future__ import annotations

from pathlib import Path

from casual_texts import a_domain, read
from migrator.importers.casual import read_casual
from migrator.importers.write import write_draft
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links


def test_a_file_of_variables_overrules_the_domains_own(tmp_path: Path) -> None:
    more = "  environment: {variables: [{key: PAY, value: test.example}]}\n"
    (tmp_path / "a.yaml").write_text(a_domain("orders", dials="{address: '${PAY}:1'}", more=more))
    (tmp_path / "production.env").write_text("PAY=pay.example\n")
    draft = read_casual([tmp_path / "a.yaml"], variables=tmp_path / "production.env")
    assert [each.target for each in draft.links] == ["unknown-pay.example"]


def test_routes_are_told(tmp_path: Path) -> None:
    text = a_domain("orders") + "  services: [{name: a, routes: [b, c]}]\n"
    (note,) = read(tmp_path, a=text).coverage.notes
    assert note.said == "callers use b, c and not its name"


def test_what_is_written_is_an_inventory_and_twice_the_same(tmp_path: Path) -> None:
    draft = read(
        tmp_path,
        a=a_domain("orders", dials="{address: 'p:1'}"),
        b=a_domain("pay", listens="p:1"),
    )
    for name in ("one", "two"):
        write_draft(draft, tmp_path / name, force=False)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert first == second
    assert read_links(read_inventory(tmp_path / "one"), None).by_protocol == {"xatmi": 1}
