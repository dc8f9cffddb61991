"""Who is at the pages: a page that is closed for a moment is nobody's leaving."""

from __future__ import annotations

from pathlib import Path

from migrator.web.following import LINGER_SECONDS, Following
from migrator.web.hub import Hub
from run_with_pages import pages_of_a_run


def test_somebody_whose_page_is_loaded_anew_is_still_here(tmp_path: Path) -> None:
    now = 100.0
    with pages_of_a_run(tmp_path) as pages:
        following = Following(pages.seen, Hub(), lambda: now)
        assert following.here() == frozenset()
        with following.at_a_page("hanna"), following.at_a_page("heidi"):
            assert following.here() == {"hanna", "heidi"}
        now += LINGER_SECONDS - 1
        assert following.here() == {"hanna", "heidi"}, "a form was sent"
        with following.at_a_page("hanna"):
            now += 2
            assert following.here() == {"hanna"}, "the other one has left"
            now += 3 * LINGER_SECONDS
            assert following.here() == {"hanna"}, "her page is open"
        now += LINGER_SECONDS + 1
        assert following.here() == frozenset()
