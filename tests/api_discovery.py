"""How the tests' API server tells which kinds it serves: aggregated, and the old way."""

from __future__ import annotations

from aiohttp import web

from api_schemas import Kind
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import KubeObject

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def discovered(
    request: web.Request, kinds: list[Kind], *, old: bool
) -> tuple[str, KubeObject] | None:
    """The answer to a question about kinds, with its content type; None for any other question."""
    parts = request.path.strip("/").split("/")
    wants = request.headers.get("Accept", "")
    if parts in (["api"], ["apis"]):
        mine = [k for k in kinds if bool(k.resource.group) == (parts == ["apis"])]
        if "APIGroupDiscoveryList" in wants and not old:
            return AGGREGATED, {
                "kind": "APIGroupDiscoveryList",
                "apiVersion": "apidiscovery.k8s.io/v2",
                "metadata": {},
                "items": list(_groups(mine)),
            }
        return "application/json", _roots(mine, core=parts == ["api"])
    group, version = (
        ("", parts[1]) if parts[0] == "api" else (parts[1] if len(parts) > 1 else "", parts[-1])
    )
    if (parts[0], len(parts)) not in {("api", 2), ("apis", 3)}:
        return None
    resources: list[Plain] = []
    for kind in kinds:
        r = kind.resource
        if (r.group, r.version) == (group, version):
            resources.append(_listed(kind, r.plural))
            resources += [_listed(kind, f"{r.plural}/{sub}") for sub in sorted(r.subresources)]
    if not resources:
        return None
    return "application/json", {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": resources,
    }


def _listed(kind: Kind, name: str) -> KubeObject:
    r = kind.resource
    verbs: list[Plain] = [*sorted(r.verbs)]
    return {
        "name": name,
        "singularName": r.kind.lower(),
        "namespaced": r.namespaced,
        "kind": r.kind,
        "verbs": verbs,
        "shortNames": [kind.short] if kind.short else [],
    }


def _groups(kinds: list[Kind]) -> list[Plain]:
    groups: list[Plain] = []
    for group in sorted({k.resource.group for k in kinds}):
        versions: list[Plain] = []
        for version in sorted({k.resource.version for k in kinds if k.resource.group == group}):
            resources: list[Plain] = [
                _described(k)
                for k in kinds
                if (k.resource.group, k.resource.version) == (group, version)
            ]
            versions.append({"version": version, "freshness": "Current", "resources": resources})
        groups.append({"metadata": {"name": group}, "versions": versions})
    return groups


def _described(kind: Kind) -> KubeObject:
    r = kind.resource
    meant: KubeObject = {"group": r.group, "version": r.version, "kind": r.kind}
    verbs: list[Plain] = [*sorted(r.verbs)]
    subresources: list[Plain] = [
        {"subresource": sub, "responseKind": meant, "verbs": ["get", "patch", "update"]}
        for sub in sorted(r.subresources)
    ]
    return {
        "resource": r.plural,
        "responseKind": meant,
        "scope": "Namespaced" if r.namespaced else "Cluster",
        "singularResource": r.kind.lower(),
        "verbs": verbs,
        "shortNames": [kind.short] if kind.short else [],
        "subresources": subresources,
    }


def _roots(kinds: list[Kind], *, core: bool) -> KubeObject:
    if core:
        return {"kind": "APIVersions", "versions": ["v1"]}
    pairs = sorted({(k.resource.group, k.resource.version) for k in kinds})
    groups: list[Plain] = [
        {
            "name": group,
            "versions": [{"groupVersion": f"{group}/{version}", "version": version}],
            "preferredVersion": {"groupVersion": f"{group}/{version}", "version": version},
        }
        for group, version in pairs
    ]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
