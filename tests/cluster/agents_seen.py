"""What the cluster itself says of the agents in pods while a weekend goes on: every word of it.

Two watches of the API write down each state of each agent's pod and of each EndpointSlice, so that
a state that lasted a moment is seen as well. Judged afterwards: an agent's pod carries the labels
of a workload and must still never be anybody's endpoint.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO, Final, Self

from cluster.reach import Cluster
from migrator.platform.kubernetes.agent_objects import LABEL
from migrator.platform.kubernetes.objects import KubeObject, at, objects_at, text_at, texts_at

AGENTS: Final = ("pods", "--selector", LABEL)
SLICES: Final = ("endpointslices.discovery.k8s.io",)


class AgentsSeen:
    """Use it in a `with`; ask when the weekend is over."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._files: list[IO[bytes]] = []
        self._watches: list[subprocess.Popen[bytes]] = []
        self._told: list[str] = []

    def __enter__(self) -> Self:
        for what in (AGENTS, SLICES):
            file = tempfile.TemporaryFile()
            words = [
                str(self._cluster.kubectl_program),
                f"--context={self._cluster.context}",
                *([f"--kubeconfig={self._cluster.kubeconfig}"] if self._cluster.kubeconfig else []),
                "get", *what, "--all-namespaces", "--watch", "--output=json",
            ]  # fmt: skip
            self._files.append(file)
            self._watches.append(subprocess.Popen(words, stdout=file))
        return self

    def __exit__(self, *error: object) -> None:
        for watch, file in zip(self._watches, self._files, strict=True):
            watch.kill()
            watch.wait()
            file.seek(0)
            self._told.append(file.read().decode())
            file.close()

    @property
    def agents(self) -> dict[str, str]:
        """Whom each agent that had an address spoke for, as `namespace/label`, by its address."""
        found: dict[str, str] = {}
        for pod in self._states(0):
            address = text_at(pod, "status", "podIP")
            if address:
                labels = texts_at(pod, "metadata", "labels")
                found[address] = f"{text_at(pod, 'metadata', 'namespace')}/{labels.get('app', '')}"
        return found

    @property
    def ever_ready(self) -> set[str]:
        """Agents' pods that were Ready, if only once."""
        return {
            text_at(pod, "metadata", "name")
            for pod in self._states(0)
            for each in objects_at(pod, "status", "conditions")
            if (text_at(each, "type"), text_at(each, "status")) == ("Ready", "True")
        }

    @property
    def told_unready(self) -> bool:
        """Whether any slice named an agent at all, as not ready: then the watch saw them."""
        return any(True for _ in self._named(serving=False))

    @property
    def called(self) -> set[str]:
        """The EndpointSlices that ever sent callers to an agent, which must be none."""
        return set(self._named(serving=True))

    def _named(self, *, serving: bool) -> Iterator[str]:
        """The slices that name an agent by its address, as ready or as not."""
        agents = {*self.agents}
        for each in self._states(1):
            for endpoint in objects_at(each, "endpoints"):
                # Whoever says nothing of it is ready.
                ready = at(endpoint, "conditions", "ready") is not False
                addresses = endpoint.get("addresses")
                here = agents.intersection(addresses if isinstance(addresses, list) else ())
                if here and ready is serving:
                    name = text_at(each, "metadata", "name")
                    yield f"{text_at(each, 'metadata', 'namespace')}/{name}"

    def _states(self, number: int) -> Iterator[KubeObject]:
        """Every object that was told, whole; one that was cut off at the end is left out."""
        text, start, decoder = self._told[number], 0, json.JSONDecoder()
        while start < len(text):
            try:
                found, start = decoder.raw_decode(text, start)
            except ValueError:
                return
            yield from found.get("items", [found])
            while start < len(text) and text[start].isspace():
                start += 1
