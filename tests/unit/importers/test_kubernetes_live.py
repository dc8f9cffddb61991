"""Raw objects of a cluster through the importer of manifests."""

from __future__ import annotations

import json

import pytest

from migrator.errors import InputError
from migrator.importers.draft import Draft
from migrator.importers.kubernetes_live import Source, read_live
from migrator.inventory.yaml_text import Plain

Raw = dict[str, Plain]


def an_object(kind: str, name: str, spec: Raw, version: str = "v1", **more: Plain) -> Raw:
    metadata: Raw = {"name": name, "namespace": "shop", "uid": "u-1", "resourceVersion": "7"}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec, **more}


def a_deployment(name: str, **env: str) -> Raw:
    settings: list[Plain] = [{"name": key, "value": value} for key, value in env.items()]
    container: Raw = {"name": "c", "image": "registry.invalid/c:1", "env": settings}
    labels: Raw = {"app": name}
    template: Raw = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec: Raw = {"selector": {"matchLabels": labels}, "template": template}
    return an_object("Deployment", name, spec, "apps/v1", status={"replicas": 3})


def a_service(name: str, **selector: str) -> Raw:
    spec: Raw = {"ports": [{"port": 80, "name": "http"}], "clusterIP": "10.9.9.9"}
    if selector:
        spec["selector"] = {**selector}
    return an_object("Service", name, spec)


def a_slice(service: str, *addresses: str) -> Raw:
    found = an_object("EndpointSlice", f"{service}-x", {}, "discovery.k8s.io/v1")
    metadata = found["metadata"]
    assert isinstance(metadata, dict)
    metadata["labels"] = {"kubernetes.io/service-name": service}
    found["endpoints"] = [{"addresses": [*addresses]}]
    found["ports"] = [{"port": 5432}]
    return found


def read(*raw: Raw, source: Source | None = None) -> Draft:
    return read_live(raw, source or Source("old"))


def test_a_workload_that_names_a_service_is_linked() -> None:
    draft = read(
        a_deployment("web", PAY_URL="http://pay"), a_deployment("pay"), a_service("pay", app="pay")
    )
    (link,) = draft.links
    assert (link.source, link.target, link.port) == ("web.c", "pay.c", 80)
    assert link.evidence[0].file == "old/shop/Deployment/web"


def test_what_the_server_added_is_not_copied() -> None:
    draft = read(a_deployment("web"), a_service("web", app="web"))
    texts = "".join(each.text for each in draft.manifests)
    assert "web" in texts
    for word in ("resourceVersion", "uid", "status", "10.9.9.9"):
        assert word not in texts


def test_a_headless_service_stays_headless() -> None:
    service = a_service("web", app="web")
    spec = service["spec"]
    assert isinstance(spec, dict)
    spec["clusterIP"] = "None"
    assert '"clusterIP": "None"' in "".join(
        e.text for e in read(a_deployment("web"), service).manifests
    )


def test_a_slice_of_a_service_without_a_selector_says_where_it_leads() -> None:
    draft = read(
        a_deployment("web", DB_URL="postgres://base:80"),
        a_service("base"),
        a_slice("base", "10.0.0.5"),
    )
    (link,) = draft.links
    assert [each.kind.value for each in link.evidence] == ["environment", "endpoint_slice"]
    (outside,) = [each for each in draft.subsystems if each.id == "base"]
    assert outside.tags == ("service", "address:10.0.0.5:5432")


def test_a_way_outside_that_nobody_uses_is_named() -> None:
    draft = read(a_deployment("web"), a_service("base"), a_slice("base", "10.0.0.5"))
    assert draft.links == ()
    assert any("nothing that was read calls it" in each.said for each in draft.coverage.notes)


def test_slices_of_pods_say_nothing() -> None:
    service = a_service("web", app="web")
    assert read(a_deployment("web"), service, a_slice("web", "10.1.1.1")).coverage.notes == ()


def test_what_we_may_not_read_is_in_the_report() -> None:
    source = Source("old", (("configmaps", "shop"),), ("metrics.k8s.io",))
    topics = [each.topic for each in read(a_deployment("web"), source=source).coverage.notes]
    assert topics == ["not allowed", "not answering"]


def test_a_cluster_without_workloads_is_input_to_mend() -> None:
    with pytest.raises(InputError) as caught:
        read(a_service("web", app="web"))
    assert caught.value.reference == "import-no-workloads"


def test_the_copy_of_a_manifest_in_an_annotation_is_not_kept() -> None:
    found = a_deployment("web")
    metadata = found["metadata"]
    assert isinstance(metadata, dict)
    metadata["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}
    assert "hunter2" not in json.dumps([each.text for each in read(found).manifests])
