"""What every test shares: nothing leaks out of one into the next.

A test that leaves an asyncio task behind fails here, since such a task passes silently otherwise
and then breaks a neighbour. Fixtures that only one folder needs belong into that folder's conftest.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent

# Properties are part of `make test`: the same examples every time, and no deadline, because two
# cores shared with other work say nothing about one example's speed.
settings.register_profile(
    "here",
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("soak", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("MIGRATOR_HYPOTHESIS", "here"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every asyncio test, and only those, the fixture that counts tasks."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.fixturenames.insert(0, "no_task_is_left_behind")


@pytest.fixture
async def no_task_is_left_behind() -> AsyncIterator[None]:
    """Fail a test that ends while a task which it started still runs."""
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    assert not left, f"tasks left behind: {sorted(str(task.get_coro()) for task in left)}"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every test in an empty folder, so that a default store never lands in the work tree."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT
