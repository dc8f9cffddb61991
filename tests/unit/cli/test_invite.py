"""Cards with which people sign in: who can read them, and what a mistyped path must not cost."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from migrator.cli import app
from run_with_pages import ASKED, NAME, pages_of_a_run


def test_cards_are_for_this_user_only_even_where_others_could_read_the_file_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cards = tmp_path / "cards.txt"
    cards.write_text("old", encoding="utf-8")
    cards.chmod(0o644)
    with pages_of_a_run(tmp_path / "store") as pages:
        words = ["invite", NAME, ASKED, "--store", str(tmp_path / "store"), "-o", str(cards)]
        assert app.run(words) == 0
        link = next(word for word in cards.read_text(encoding="utf-8").split() if "/in/" in word)
        assert pages.client.get(f"/in/{link.rpartition('/')[2]}").status_code == 200
    assert stat.S_IMODE(cards.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.glob("cards*")] == ["cards.txt"]
    said = capsys.readouterr()
    assert link.rpartition("/")[2] not in said.out + said.err


def test_where_cards_cannot_be_written_the_ones_of_before_still_hold(tmp_path: Path) -> None:
    nowhere = tmp_path / "no" / "folder" / "cards.txt"
    with pages_of_a_run(tmp_path / "store") as pages:
        before = pages.invitation(ASKED).token
        words = ["invite", NAME, ASKED, "--store", str(tmp_path / "store"), "-o", str(nowhere)]
        assert app.run(words) != 0
        assert pages.client.get(f"/in/{before}").status_code == 200


def test_who_lost_a_telephone_is_signed_out_everywhere_from_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pages_of_a_run(tmp_path / "store") as pages:
        pages.sign_in(ASKED)
        spare = pages.invitation(ASKED).token
        words = ["invite", NAME, ASKED, "--end", "--store", str(tmp_path / "store")]
        assert app.run(words) == 0
        assert pages.client.get("/checks", follow_redirects=False).status_code == 303
        assert pages.client.get(f"/in/{spare}").status_code == 404
    assert f"{ASKED}: signed out on 1 device;" in capsys.readouterr().out
