"""What the cluster's own EndpointSlice controllers do, beside the fake API server: a fake, too.

It keeps slices for each Service with a selector, leaves them behind when the selector goes (as the
real one does), keeps an Endpoints object that the mirroring controller turns into one more slice,
and knows its pods from the test. The union of a Service's slices is judged after every write.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from api_storage import Storage
from migrator.platform.kubernetes.objects import KubeObject, map_at, text_at
from migrator.platform.kubernetes.slices import MANAGED_BY, SERVICE_NAME, Port, union

SLICES = ("discovery.k8s.io", "endpointslices")
SERVICES = ("", "services")
ENDPOINTS = ("", "endpoints")
PORT = 8080


class SliceController:
    """Reconciles one namespace; `pods` are the ready addresses behind every selector."""

    def __init__(self, storage: Storage, namespace: str, *pods: str) -> None:
        """Nothing is written yet."""
        self.storage = storage
        self.namespace = namespace
        self.pods = pods

    def reconcile(self) -> None:
        """Write what the real controllers would write now."""
        for service in self.storage.find(*SERVICES, self.namespace):
            name = text_at(map_at(service, "metadata"), "name")
            if map_at(service, "spec", "selector"):
                self._put(f"{name}-abc12", name, "endpointslice-controller.k8s.io", self.pods)
                self._endpoints(name)
        for endpoints in self.storage.find(*ENDPOINTS, self.namespace):
            name = text_at(map_at(endpoints, "metadata"), "name")
            of_it = self.storage.objects.get((*SERVICES, self.namespace, name))
            if of_it is not None and not map_at(of_it, "spec", "selector"):
                self._put(
                    f"{name}-mirror", name, "endpointslicemirroring-controller.k8s.io", self.pods
                )

    def _put(self, slice_name: str, service: str, manager: str, addresses: tuple[str, ...]) -> None:
        key = (*SLICES, self.namespace, slice_name)
        wanted: KubeObject = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": slice_name,
                "namespace": self.namespace,
                "uid": f"uid-{slice_name}-{self.storage.version}",
                "labels": {SERVICE_NAME: service, MANAGED_BY: manager},
            },
            "addressType": "IPv4",
            "endpoints": [
                {"addresses": [each], "conditions": {"ready": True}} for each in addresses
            ],
            "ports": [{"name": "http", "port": PORT, "protocol": "TCP"}],
        }
        before = self.storage.objects.get(key)
        if before is None or before.get("endpoints") != wanted["endpoints"]:
            self.storage.put(key, wanted)

    def _endpoints(self, service: str) -> None:
        key = (*ENDPOINTS, self.namespace, service)
        if key not in self.storage.objects:
            meta: KubeObject = {
                "name": service,
                "namespace": self.namespace,
                "uid": f"uid-endpoints-{self.storage.version}",
            }
            self.storage.put(key, {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[SliceController]:
        """Reconcile after every write, until the block ends."""

        async def loop() -> None:
            while True:
                changed = self.storage.changed
                self.reconcile()
                await changed.wait()

        task = asyncio.create_task(loop())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def unions(storage: Storage, namespace: str, service: str) -> Iterator[frozenset[str]]:
    """What a data plane took for a Service after each write, from the first of its slices on."""
    slices: dict[str, KubeObject] = {}
    for event in storage.history:
        group, plural, where, name = event.key
        if (group, plural, where) != (*SLICES, namespace):
            continue
        labels = map_at(event.object, "metadata", "labels")
        if text_at(labels, SERVICE_NAME) != service:
            continue
        if event.word == "DELETED":
            slices.pop(name, None)
        else:
            slices[name] = event.object
        found = union(slices.values(), (Port("http", 80),))["http"]
        yield frozenset(address for address, _ in found)
