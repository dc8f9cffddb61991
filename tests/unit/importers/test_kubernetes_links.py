"""What containers name: environment, arguments, ConfigMaps; never Secrets."""

from __future__ import annotations

from manifests import Cluster, an_object, service, workload
from migrator.importers.evidence import FoundLink
from migrator.importers.kubernetes_links import links_of_workload, used_by

DB = workload("db") + service("db", "ports: [{port: 5432}]")


def links(text: str) -> tuple[list[FoundLink], Cluster]:
    cluster = Cluster(text + DB)
    objects = {(one.kind, one.namespace, one.name): one for one in cluster.objects}
    found = links_of_workload(
        cluster.workload("web"), objects, cluster.directory, cluster.collector
    )
    return found, cluster


def test_a_reference_to_another_variable_is_followed() -> None:
    env = "env: [{name: H, value: db}, {name: DB_URL, value: 'postgres://$(H):5432/x'}]"
    ((link,), _) = links(workload("web", container=env))
    assert (link.target, link.port) == ("db.c", 5432)
    assert link.evidence.path == "spec.template.spec.containers[0].env[1]"


def test_a_later_value_of_the_same_name_counts() -> None:
    env = "env: [{name: DB_ADDR, value: 'db:5432'}, {name: DB_ADDR, value: 'gone:1'}]"
    found, cluster = links(workload("web", container=env))
    assert found == []
    assert [each.name for each in cluster.collector.unresolved] == ["gone:1"]


def test_one_key_of_a_config_map_is_evidence_at_its_own_place() -> None:
    reference = "{configMapKeyRef: {name: conf, key: db}}"
    text = workload("web", container=f"env: [{{name: DB_ADDR, valueFrom: {reference}}}]")
    text += an_object("ConfigMap", "conf", "data:\n  db: db:5432\n  other: gone:1")
    ((link,), cluster) = links(text)
    assert (link.evidence.path, link.evidence.what) == ("data.db", "DB_ADDR=db:5432")
    assert cluster.collector.unresolved == set()


def test_a_whole_config_map_gives_its_keys_a_prefix() -> None:
    text = workload("web", container="envFrom: [{prefix: MY_, configMapRef: {name: conf}}]")
    text += an_object("ConfigMap", "conf", "data: {DB_HOST: db, DB_PORT: '5432'}")
    ((link,), _) = links(text)
    assert link.evidence.what == "MY_DB_HOST=db:5432 with MY_DB_PORT=5432"


def test_only_the_mounted_items_of_a_config_map_count() -> None:
    pod = (
        "volumes: [{name: v, projected: {sources: [{configMap: {name: conf, items: [{key: a}]}}]}}]"
    )
    text = workload("web", container="volumeMounts: [{name: v, mountPath: /x}]", pod=pod)
    text += an_object("ConfigMap", "conf", "data: {a: 'x = db:5432', b: 'y = db:5433'}")
    ((link,), _) = links(text)
    assert link.port == 5432


def test_a_config_map_that_is_not_mounted_is_not_read() -> None:
    text = workload("web", pod="volumes: [{name: v, configMap: {name: conf}}]")
    text += an_object("ConfigMap", "conf", "data: {a: 'db:5432'}")
    assert links(text)[0] == []


def test_a_config_map_that_is_not_there_is_missed_unless_it_is_optional() -> None:
    text = workload(
        "web",
        container="envFrom: [{configMapRef: {name: gone}}, "
        "{configMapRef: {name: maybe, optional: true}}]",
    )
    _, cluster = links(text)
    missing = {each.name for each in cluster.collector.missing_files}
    assert "ConfigMap gone" in missing


def test_a_secret_is_named_as_used_and_never_opened() -> None:
    container = (
        "env: [{name: A, valueFrom: {secretKeyRef: {name: one, key: k}}}], "
        "envFrom: [{secretRef: {name: two}}]"
    )
    pod = "volumes: [{name: v, secret: {secretName: three}}], imagePullSecrets: [{name: four}]"
    text = workload("web", container=container, pod=pod)
    text += an_object("Secret", "one", "stringData: {k: 'db:5432'}")
    found, cluster = links(text)
    assert found == []
    assert used_by(cluster.workload("web"), "Secret") == {"one", "two", "three", "four"}
