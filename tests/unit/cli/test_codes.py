"""`migrator codes` writes codes once, for one pair of eyes, and keeps digests only."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.cli import app
from migrator.plan.model import Itinerary
from migrator.store.codes import code_digest
from migrator.store.sql import open_store
from weekend import an_itinerary

STORE = Path(".migrator")
ITINERARY = an_itinerary(1, 1)
DECIDERS = {p for p, m in ITINERARY.members.items() if "decision_maker" in m.roles}


def keep(itinerary: Itinerary = ITINERARY, name: str = "weekend") -> None:
    with open_store(STORE, practice=True) as store:
        store.keep(name, itinerary, (), {})


def digests(name: str = "weekend") -> dict[str, str]:
    with open_store(STORE, practice=True) as store:
        return dict(store.journal(name, lead=False).codes)


def written(path: Path) -> dict[str, str]:
    """Person -> code, as a reader of the paper finds them."""
    pairs = re.findall(r"^(\S+) .* (\S{4}-\S{4}-\S{4})$", path.read_text(), re.MULTILINE)
    return dict(pairs)


def test_every_decision_maker_gets_a_code_that_only_its_digest_is_kept_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keep()

    assert app.run(["codes", "latest"]) == 0

    path = Path("codes-weekend.txt")
    codes = written(path)
    assert DECIDERS
    assert set(codes) == DECIDERS
    assert digests() == {person: code_digest(code) for person, code in codes.items()}
    assert path.stat().st_mode & 0o777 == 0o600
    captured = capsys.readouterr()
    assert not any(code in captured.out + captured.err for code in codes.values())
    kept = b"".join(file.read_bytes() for file in STORE.iterdir())
    assert not any(code.encode() in kept for code in codes.values())
    assert path.read_text().startswith("ÖVNING/PRACTICE  weekend")


def test_codes_that_people_hold_are_not_voided_by_accident(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keep()
    app.run(["codes", "latest"])
    before = digests()

    assert app.run(["codes", "latest", "-o", "again.txt"]) == 2
    assert digests() == before
    assert not Path("again.txt").exists()

    assert app.run(["codes", "latest", "-o", "again.txt", "--again", "--format", "json"]) == 0
    assert set(digests().values()).isdisjoint(before.values())
    facts = json.loads(capsys.readouterr().out)
    assert facts == {"file": "again.txt", "people": sorted(DECIDERS), "run": "weekend"}


def test_a_file_that_others_may_read_is_replaced_not_filled() -> None:
    keep()
    path = Path("codes-weekend.txt")
    path.write_text("an old one")
    path.chmod(0o644)

    assert app.run(["codes", "latest"]) == 0

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_run_in_which_nobody_decides_has_no_codes(capsys: pytest.CaptureFixture[str]) -> None:
    members = {person: replace(m, roles=()) for person, m in ITINERARY.members.items()}
    keep(replace(ITINERARY, members=members))

    assert app.run(["codes", "latest"]) == 2
    assert "see: runbooks/codes-nobody.md" in capsys.readouterr().err


def test_where_the_file_cannot_be_written_no_code_is_made() -> None:
    keep()

    assert app.run(["codes", "latest", "-o", "nowhere/codes.txt"]) == 1

    assert digests() == {}
