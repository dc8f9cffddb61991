"""A run with pages, and with it the API; the first wave has moved and two handlers are asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from run_with_pages import Pages, pages_of_a_run


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found
