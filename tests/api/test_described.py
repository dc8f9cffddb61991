"""Some hundred questions of the described forms and near them; `make bench` asks ten thousand."""

from __future__ import annotations

from pathlib import Path

from asked_as_described import ask
from run_with_pages import pages_of_a_run


def test_every_answer_is_one_that_is_described(tmp_path: Path) -> None:
    with pages_of_a_run(tmp_path / "store") as pages:
        asked = ask(pages, of_each=16)
    assert asked.cases > 200
    assert not [status for status in asked.answers if status >= 500]
    assert {200, 422} <= set(asked.answers)
