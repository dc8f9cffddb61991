"""What the tests of interruptions share: one nursery for all lives of a test process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from interruptions.under_fire import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where lives are started; loading the program once is enough."""
    with Nursery() as made:
        yield made
