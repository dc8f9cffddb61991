"""What the tests of commands share: no run that they lead naps for a whole second."""

from __future__ import annotations

import pytest

from migrator.conductor import clock


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conductor without news looks again after a second; for a test it does so at once."""
    monkeypatch.setattr(clock, "_WAIT_SECONDS_MAX", 0.05)
