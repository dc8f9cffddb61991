"""Who is in and what was refused, as an auditor reads it at a terminal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from migrator.cli import app
from migrator.conductor.clock import wall_now
from migrator.web.doors import Entry
from run_with_pages import ASKED, DECIDER, NAME, OTHER, Pages, pages_of_a_run


def turned_away(pages: Pages) -> None:
    """A wrong code, and a page that is not for a handler; both written to the store."""
    pages.client.post("/sign-in", data={"code": "AAAA-BBBB"})
    pages.client.headers["user-agent"] = "Mozilla/5.0 (Android 16; rv:145.0) Firefox/145.0"
    pages.sign_in(ASKED)
    pages.client.get("/journal")
    found = pages.client.app.state.entry  # type: ignore[attr-defined] # starlette's own
    assert isinstance(found, Entry)
    asyncio.run(found.refusing.keep())


def test_an_auditor_reads_who_came_by_which_way_and_who_was_turned_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pages_of_a_run(tmp_path / "store") as pages:
        turned_away(pages)
        pages.sign_in(OTHER)
        doors = pages.store.sign_in(NAME)
        doors.sessions.end_all(OTHER, DECIDER, wall_now())
        assert app.run(["access", NAME, "--store", str(tmp_path / "store")]) == 0
    said = capsys.readouterr().out
    assert f"{ASKED}: Firefox, Android, link, since" in said
    assert f"by {DECIDER}" in said
    assert "wrong-code  (not signed in)" in said
    assert f"no-right  {ASKED}" in said
    assert "AAAA" not in said, "what was typed is kept nowhere"


def test_the_same_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pages_of_a_run(tmp_path / "store") as pages:
        turned_away(pages)
        words = ["access", NAME, "--store", str(tmp_path / "store"), "--format", "json"]
        assert app.run(words) == 0
    found = json.loads(capsys.readouterr().out)
    (session,) = found["sessions"]
    assert (session["person"], session["way"], session["holds"]) == (ASKED, "link", True)
    kinds = {(each["kind"], each["person"]): each["count"] for each in found["refused"]}
    assert kinds == {("wrong-code", None): 1, ("no-right", ASKED): 1}
