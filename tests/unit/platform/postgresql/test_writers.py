"""What one look at the writers says: whether anybody could write, and who."""

from __future__ import annotations

import pytest

from migrator.platform.postgresql.writers import Seen


def test_nobody_in_and_nobody_who_may_come_is_a_fence_that_holds() -> None:
    assert Seen().out
    assert str(Seen()) == "nobody is in and nobody may log in"


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Seen(may_log_in=("app",)), "may log in: app"),
        (Seen(sessions=("app from a socket (process 7)",)), "app from a socket (process 7)"),
        (Seen(prepared=("left of app",)), "prepared transactions: left of app"),
    ],
)
def test_each_way_to_write_breaks_the_fence_and_is_named(seen: Seen, said: str) -> None:
    assert not seen.out
    assert said in str(seen)


def test_a_role_that_is_not_there_writes_nothing_and_is_named() -> None:
    seen = Seen(missing=("app",))
    assert seen.out
    assert "roles that are not there: app" in str(seen)
