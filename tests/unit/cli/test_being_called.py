"""`--notices FILE`: refused before anything begins, and what is said of a run that calls people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import practising
from calls import FILE
from migrator.cli.being_called import calling, read_notices
from migrator.errors import InputError
from migrator.notices.policy_file import Source
from migrator.store.sql import open_store
from migrator.wiring import Practice, Setting, begin_practice

PEOPLE = """\
people:
  anna: {mail: anna@example.org, language: sv}
"""


@pytest.fixture
def led() -> Iterator[Practice]:
    with open_store(practising.FOLDER, practice=True) as store:
        made = begin_practice(store, practising.small_itinerary(), "small-p1", Setting(1, 60.0))
        yield made
        made.journal.release()


def source(mode: str = "on") -> Source:
    text = FILE.partition("roles:")[0].replace("mode: on", f"mode: {mode}") + PEOPLE
    return Source(text, Path("/nowhere"), "n.yaml")


def test_a_file_is_refused_before_anything_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "n.yaml"
    file.write_text(source().text)
    monkeypatch.delenv("OPS_SECRET", raising=False)
    with pytest.raises(InputError, match="OPS_SECRET"):
        read_notices(file)
    monkeypatch.setenv("OPS_SECRET", "s3cret")
    found = read_notices(file, ("anna", "bo"))
    assert found is not None
    assert found.folder == tmp_path
    with pytest.raises(InputError, match="does not say"):
        read_notices(file, ("bo",))
    assert read_notices(None) is None


def test_a_practice_says_where_messages_go_and_who_is_passed_over(
    led: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    with calling(led, source()) as caller:
        assert caller is not None
    said = " ".join(capsys.readouterr().err.split())
    assert "calls/small-p1, and nobody is called" in said
    assert "no way to reach bertil" in said
    assert "anna" not in said
    with calling(led, None) as again:
        assert again is not None


def test_the_mode_off_is_said_and_a_run_without_a_file_says_nothing(
    led: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    with calling(led, None) as nobody:
        assert nobody is None
    assert capsys.readouterr().err == ""
    with calling(led, source("off")) as off:
        assert off is None
    assert "nobody is called" in capsys.readouterr().err
