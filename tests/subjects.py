"""A subsystem's folder as tests write it: the objects and the cutover file of `folkbok`.

For the tests of everything that reads `manifests/<subsystem>/`: each changes one thing in a text
that is right, and asks what was made of it.
"""

from __future__ import annotations

import pytest

from migrator.errors import InputError
from migrator.platform.kubernetes.manifests import examine, read_subject
from migrator.platform.kubernetes.subject import Subject

OBJECTS = """\
apiVersion: v1
kind: Service
metadata: {name: folkbok}
spec:
  selector: {app: folkbok}
  ports:
    - {name: http, port: 80, targetPort: 8080}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: folkbok}
spec:
  selector: {matchLabels: {app: folkbok}}
  template:
    metadata: {labels: {app: folkbok}}
    spec:
      containers: [{name: web, image: "example.test/web:1"}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: folkbok-db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: "example.test/db:1"}]
"""

CUTOVER = """\
namespace: people
fronts:
  - service: folkbok
    old: [{port: http, addresses: [10.78.0.2], number: 8081}]
    identity: {port: http, path: /whoami, old: "side=old", new: "side=new"}
databases:
  - name: folkbok
    source: {host: 10.78.0.2, database: folkbok, user: migrator, password: "env:X"}
    target: {host: db, port: 5433, database: folkbok, user: migrator, peer_host: 10.0.0.9}
    writers: [app]
keeps_data: [StatefulSet/folkbok-db]
"""


def read(objects: str = OBJECTS, cutover: str | None = CUTOVER) -> Subject:
    files = {"app.yaml": objects.encode()}
    if cutover is not None:
        files["cutover.yaml"] = cutover.encode()
    return read_subject("folkbok", files)


def faults(objects: str = OBJECTS, cutover: str | None = CUTOVER) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(objects, cutover)
    assert caught.value.reference == "invalid-manifests"
    return [str(fault) for fault in caught.value.faults]


def rules(objects: str, cutover: str | None = CUTOVER) -> list[tuple[str, int | None]]:
    files = {"app.yaml": objects.encode(), "cutover.yaml": (cutover or "").encode()}
    return [(finding.rule, finding.line) for finding in examine("folkbok", files).findings]


def with_cutover(old: str, new: str) -> str:
    assert old in CUTOVER
    return CUTOVER.replace(old, new)


def with_objects(old: str, new: str) -> str:
    assert old in OBJECTS
    return OBJECTS.replace(old, new, 1)
