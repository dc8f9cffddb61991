"""Links that a workload's own containers name: environment, arguments, ConfigMaps.

Called by `kubernetes.py`. A value from a Secret is never looked at; that it comes from one is
named in the report. A ConfigMap counts for every workload that takes values from it or mounts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from migrator.importers.coverage import Collector, MissingFile
from migrator.importers.evidence import EvidenceKind, FoundLink
from migrator.importers.kubernetes_directory import Directory
from migrator.importers.kubernetes_objects import KubeObject
from migrator.importers.kubernetes_workloads import Container, Workload
from migrator.importers.nodes import Node
from migrator.importers.scan import Caller, Text, links_in, texts_of_arguments, texts_of_file

_REFERENCE: Final = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")

Objects = Mapping[tuple[str, str, str], KubeObject]
"""Objects of the built-in kinds by (kind, namespace, name)."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment value, and the place that its evidence names."""

    name: str
    value: str
    node: Node
    kind: EvidenceKind


def links_of_workload(
    workload: Workload, objects: Objects, directory: Directory, collector: Collector
) -> list[FoundLink]:
    """Every link that the workload's containers name."""
    found: list[FoundLink] = []
    resolve = directory.resolver(workload.namespace)
    for container in workload.containers:
        caller = Caller(workload.id, container.component, resolve)
        for text in _texts(workload, container, objects, collector):
            found += links_in(text, caller, collector)
    return found


def used_by(workload: Workload, kind: str) -> set[str]:
    """The names of the ConfigMaps or Secrets that the workload's pods use."""
    key, name = ("configMap", "name") if kind == "ConfigMap" else ("secret", "secretName")
    short = "configMap" if kind == "ConfigMap" else "secret"
    names: set[str | None] = set()
    for container in workload.containers:
        for entry in container.node.get("envFrom").parts():
            names.add(entry.get(f"{short}Ref", "name").text)
        for entry in container.node.get("env").parts():
            names.add(entry.get("valueFrom", f"{short}KeyRef", "name").text)
    for volume in workload.spec.get("volumes").parts():
        names.add(volume.get(key, name).text)
        for source in volume.get("projected", "sources").parts():
            names.add(source.get(key, "name").text)
    if kind == "Secret":
        names |= {each.get("name").text for each in workload.spec.get("imagePullSecrets").parts()}
    return {each for each in names if each}


def _texts(
    workload: Workload, container: Container, objects: Objects, collector: Collector
) -> Iterator[Text]:
    """Every text of one container that may name somebody."""
    settings = list(_settings(workload, container, objects, collector))
    siblings = {each.name: each.value for each in settings}
    for each in settings:
        value = _REFERENCE.sub(lambda match: siblings.get(match[1], match[0]), each.value)
        yield Text(each.name, value, each.node, each.kind, siblings)
    words = [word for key in ("command", "args") for word in container.node.get(key).parts()]
    for text in texts_of_arguments(words, EvidenceKind.ARGUMENT):
        value = _REFERENCE.sub(lambda match: siblings.get(match[1], match[0]), text.value)
        yield Text(text.key, value, text.node, text.kind, siblings)
    yield from _mounted(workload, container, objects, collector)


def _settings(
    workload: Workload, container: Container, objects: Objects, collector: Collector
) -> Iterator[Setting]:
    """The container's environment; a later entry of the same name replaces an earlier one."""
    found: dict[str, Setting] = {}
    for entry in container.node.get("envFrom").parts():
        prefix = entry.get("prefix").text or ""
        name = entry.get("configMapRef", "name").text
        config = _config_map(workload, name, entry, objects, collector) if name else None
        for key, node in config.root.get("data").entries() if config else ():
            if node.text is not None:
                found[prefix + key] = Setting(
                    prefix + key, node.text, node, EvidenceKind.CONFIG_MAP
                )
    for entry in container.node.get("env").parts():
        setting = _setting(workload, entry, objects, collector)
        if setting is not None:
            found[setting.name] = setting
    yield from found.values()


def _setting(
    workload: Workload, entry: Node, objects: Objects, collector: Collector
) -> Setting | None:
    """One entry of `env`; None where its value is not in the files or not to be read."""
    name = entry.get("name").text
    if name is None:
        return None
    value = entry.get("value").text
    if value is not None:
        return Setting(name, value, entry, EvidenceKind.ENVIRONMENT)
    reference = entry.get("valueFrom", "configMapKeyRef")
    key, source = reference.get("key").text, reference.get("name").text
    if key is None or source is None:
        return None
    config = _config_map(workload, source, reference, objects, collector)
    node = config.root.get("data", key) if config else None
    if node is None or node.text is None:
        return None
    return Setting(name, node.text, node, EvidenceKind.CONFIG_MAP)


def _config_map(
    workload: Workload, name: str, node: Node, objects: Objects, collector: Collector
) -> KubeObject | None:
    """The named ConfigMap of the workload's namespace; its absence is kept for the report."""
    config = objects.get(("ConfigMap", workload.namespace, name))
    if config is None and node.get("optional").text != "true":
        why = "it is named and not among the files; what it says is not known"
        collector.missing_files.add(MissingFile(f"ConfigMap {name}", workload.id, why))
    return config


def _mounted(
    workload: Workload, container: Container, objects: Objects, collector: Collector
) -> Iterator[Text]:
    """The files that the container mounts from ConfigMaps, setting by setting."""
    mounts = {mount.get("name").text for mount in container.node.get("volumeMounts").parts()}
    for volume in workload.spec.get("volumes").parts():
        if volume.get("name").text not in mounts:
            continue
        sources = [volume.get("configMap")]
        sources += [each.get("configMap") for each in volume.get("projected", "sources").parts()]
        for source in sources:
            name = source.get("name").text
            config = _config_map(workload, name, source, objects, collector) if name else None
            if config is None:
                continue
            only = {item.get("key").text for item in source.get("items").parts()}
            for key, node in config.root.get("data").entries():
                if node.text is not None and (not only or key in only):
                    first = 1 if _is_block(config, node) else 0
                    yield from texts_of_file(key, node.text, node, EvidenceKind.CONFIG_MAP, first)


def _is_block(config: KubeObject, node: Node) -> bool:
    """Tell whether a value is a block below its key, so that its lines can be counted."""
    lines = config.text.splitlines()
    row = (node.line or 1) - config.line
    at = row + next((n for n, line in enumerate(lines) if line and line[0] not in "# \t"), 0)
    if not 0 <= at < len(lines):
        return False
    return re.search(r"[|>][+-]?\d?\s*(?:#.*)?$", lines[at]) is not None
