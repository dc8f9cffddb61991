"""An itinerary comes back from the store exactly as it was pinned, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from migrator.errors import EnvironmentFailed, JournalError
from migrator.inventory.model import Estimate
from migrator.plan.foresight import Foresight
from migrator.plan.itinerary import itinerary_digest
from migrator.plan.model import Itinerary, StepKind
from migrator.store.pinned import digest_of, from_blob, to_blob
from weekend import an_itinerary


def there_and_back(itinerary: Itinerary) -> Itinerary:
    blob = to_blob(itinerary)
    return from_blob(blob, digest_of(blob))


def test_an_itinerary_comes_back_with_the_same_digest() -> None:
    itinerary = an_itinerary()

    back = there_and_back(itinerary)

    assert back == itinerary
    assert itinerary_digest(back) == itinerary_digest(itinerary)


def test_a_whole_number_where_a_fraction_is_allowed_stays_whole() -> None:
    itinerary = an_itinerary()
    name, leg = next(iter(itinerary.legs.items()))
    whole = replace(leg, step_minutes={StepKind.COPY: Estimate(60, 80.5)}, copy_gib=0)
    itinerary = replace(itinerary, legs={**itinerary.legs, name: whole})

    assert itinerary_digest(there_and_back(itinerary)) == itinerary_digest(itinerary)


def test_what_a_plan_asks_of_forecasts_comes_back_and_is_not_there_where_it_asks_nothing() -> None:
    itinerary = an_itinerary()
    assert b'"forecast"' not in to_blob(itinerary)

    asks = replace(itinerary.policy, forecast=Foresight(fits_min=0.9, binding=True))
    assert there_and_back(replace(itinerary, policy=asks)).policy == asks


@pytest.mark.parametrize("zone", [ZoneInfo("Europe/Stockholm"), timezone(timedelta(hours=-3.5))])
def test_a_time_comes_back_as_the_instant_it_was(zone: ZoneInfo | timezone) -> None:
    # The hour that is there twice: the second three o'clock of the night in which clocks go back.
    twice = datetime(2023, 10, 29, 2, 30, fold=1, tzinfo=zone)
    itinerary = an_itinerary()
    itinerary = replace(itinerary, window=replace(itinerary.window, start=twice))

    back = there_and_back(itinerary)

    assert back.window.start.timestamp() == twice.timestamp()
    assert itinerary_digest(back) == itinerary_digest(itinerary)


def test_an_edited_itinerary_is_not_used() -> None:
    blob = to_blob(an_itinerary())

    with pytest.raises(JournalError) as caught:
        from_blob(blob.replace(b"autumn", b"winter"), digest_of(blob))

    assert caught.value.reference == "journal-edited"


@pytest.mark.parametrize(
    "change", [{"links": None, "more": 1}, {"policy": []}, {"legs": {"a": {}}}, {"waves": 1}]
)
def test_an_itinerary_of_another_version_is_not_guessed_at(change: dict[str, object]) -> None:
    plain = {**json.loads(to_blob(an_itinerary())), **change}
    blob = json.dumps(plain).encode()

    with pytest.raises(EnvironmentFailed) as caught:
        from_blob(blob, digest_of(blob))

    assert caught.value.reference == "itinerary-version"
