"""Kubernetes objects as tests write them: a few words in, the importer's own objects out.

For the tests of `importers/kubernetes_*`: each reads a text as the importer would, so that no test
builds by hand what only a file can be.
"""

from __future__ import annotations

from pathlib import Path

from migrator.importers.coverage import Collector
from migrator.importers.files import SourceFile
from migrator.importers.kubernetes_directory import Directory, build_directory
from migrator.importers.kubernetes_objects import KubeObject, read_objects
from migrator.importers.kubernetes_workloads import Workload, find_workloads


class Cluster:
    """What a text of manifests holds, read as far as workloads and the directory."""

    def __init__(self, text: str) -> None:
        self.collector = Collector()
        file = SourceFile(Path("all.yaml"), "all.yaml", text)
        self.objects: list[KubeObject] = read_objects([file], self.collector)
        self.workloads: tuple[Workload, ...] = find_workloads(self.objects, self.collector)
        self.directory: Directory = build_directory(self.objects, self.workloads, self.collector)

    def workload(self, name: str) -> Workload:
        """The workload of that subsystem id."""
        return next(each for each in self.workloads if each.id == name)

    @property
    def ignored(self) -> dict[str, str]:
        """What was ignored, and why."""
        return {each.what: each.why for each in self.collector.ignored}


def workload(
    name: str, kind: str = "Deployment", container: str = "", pod: str = "", more: str = ""
) -> str:
    """A workload with one container; the last three are further flow mappings' entries."""
    group = {"CronJob": "batch/v1", "Job": "batch/v1", "Pod": "v1"}.get(kind, "apps/v1")
    spec = f"{{containers: [{{name: c, image: 'example.test/x:1', {container}}}], {pod}}}"
    template = f"{{metadata: {{labels: {{app: {name}}}}}, spec: {spec}}}"
    head = (
        f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: {name}, labels: {{app: {name}}}}}\n"
    )
    if kind == "Pod":
        return f"{head}spec: {spec}\n---\n"
    if kind == "CronJob":
        return f"{head}spec: {{jobTemplate: {{spec: {{template: {template}}}}}, {more}}}\n---\n"
    return f"{head}spec: {{template: {template}, {more}}}\n---\n"


def service(name: str, spec: str = "ports: [{port: 80}]", selector: str | None = None) -> str:
    """A Service that selects the workload of its own name, unless told otherwise."""
    chosen = f"{{app: {name}}}" if selector is None else selector
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n"
        f"spec: {{selector: {chosen}, {spec}}}\n---\n"
    )


def an_object(kind: str, name: str, body: str, version: str = "v1") -> str:
    """Any other object; `body` is its further lines."""
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\n{body}\n---\n"
