"""A weekend carried out on the cluster, by this process, with the people of `people.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cluster.estate_on_cluster import Estate
from cluster.people import People
from cluster.reach import Cluster
from migrator.cli.run_reading import Read, read_plan_here
from migrator.engine.ports import Line
from migrator.engine.run import Run
from migrator.store.sql import open_store
from migrator.wiring.live import begin_live, conduct
from migrator.wiring.on_cluster import ClusterPlace, identify

UNFENCED: Final = "the lab of a test, whose administrator conducts"


@dataclass(frozen=True, slots=True)
class Weekend:
    """How it ended, and its journal."""

    run: Run
    lines: list[Line]

    @property
    def causes(self) -> dict[str, str]:
        """Why each wave is where it is, for a failing test to show."""
        return {name: f"{w.state.value}: {w.cause}" for name, w in self.run.waves.items()}


def carry_out(
    estate: Estate,
    folder: Path,
    cluster: Cluster,
    refused: Mapping[str, Callable[[], bool]] | None = None,
    meanwhile: Callable[[Line], None] = lambda _line: None,
) -> Weekend:
    """Carry the plan out; `refused` says who gets a no, and what is waited for before it.

    `meanwhile` hears every line of the journal as it is written; the run waits for it.
    """
    kubeconfig = str(cluster.kubeconfig or "")
    place = identify(ClusterPlace(cluster.context, kubeconfig, cluster.image, UNFENCED))
    return carry_out_at(place, estate, folder, refused, meanwhile)


def carry_out_at(
    place: ClusterPlace,
    estate: Estate,
    folder: Path,
    refused: Mapping[str, Callable[[], bool]] | None = None,
    meanwhile: Callable[[Line], None] = lambda _line: None,
) -> Weekend:
    """Carry the plan out on a cluster that said who it is, as whoever its kubeconfig names."""
    read = read_plan_here(estate.plan_file, None)
    assert isinstance(read, Read), read
    with open_store(folder / "state", practice=False) as store:
        led = begin_live(store, read.itinerary, "night", "anna", read.files, place)
        people = People(led.journal, refused, meanwhile)
        done = conduct(led, people)
        return Weekend(done.run, people.lines)
