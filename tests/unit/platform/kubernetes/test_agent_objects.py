"""The objects of an agent's pod: the workload's twin for the network, and nobody's for the rest."""

from __future__ import annotations

import base64

import pytest

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes import agent_objects
from migrator.platform.kubernetes.agent_objects import KEY_MARK, LABEL, Place
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    map_at,
    objects_at,
    text_at,
    texts_at,
)

PLACE = Place("folkbok", "Deployment/folkbok", "registry.invalid/python:3")
DIGEST = "ab" * 32
KEY = "opensesame"
TEMPLATE: KubeObject = {
    "metadata": {
        "labels": {"app": "folkbok", "app.kubernetes.io/managed-by": "helm"},
        "annotations": {"sidecar.istio.io/inject": "true", "prometheus.io/scrape": "true"},
    },
    "spec": {
        "serviceAccountName": "folkbok",
        "nodeSelector": {"zone": "a"},
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["old"]}],
        "containers": [{"name": "app", "image": "app:1", "ports": [{"containerPort": 80}]}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    },
}


def made() -> KubeObject:
    return agent_objects.deployment(PLACE, TEMPLATE, DIGEST, KEY)


def pod() -> KubeObject:
    return map_at(made(), "spec", "template", "spec")


def test_its_pod_has_every_label_and_the_account_of_the_workload() -> None:
    labels = texts_at(made(), "spec", "template", "metadata", "labels")
    assert labels == {"app": "folkbok", "app.kubernetes.io/managed-by": "helm", LABEL: PLACE.name}
    assert text_at(pod(), "serviceAccountName") == "folkbok"
    assert at(pod(), "hostAliases", 0, "ip") == "10.0.0.1"


def test_no_service_takes_it_and_nobody_adopts_it() -> None:
    assert objects_at(pod(), "readinessGates") == [{"conditionType": agent_objects.GATE}]
    assert at(made(), "spec", "selector") == {"matchLabels": {LABEL: PLACE.name}}
    assert at(made(), "spec", "replicas") == 1


def test_it_has_no_token_no_data_and_no_right() -> None:
    assert at(pod(), "automountServiceAccountToken") is False
    assert [text_at(each, "name") for each in objects_at(pod(), "volumes")] == ["agent", "key"]
    (container,) = objects_at(pod(), "containers")
    assert at(container, "securityContext", "readOnlyRootFilesystem") is True
    assert at(pod(), "securityContext", "runAsUser") == 65534


def test_what_changes_how_connections_go_is_taken_over_and_nothing_else() -> None:
    notes = texts_at(made(), "spec", "template", "metadata", "annotations")
    assert notes == {"sidecar.istio.io/inject": "true", KEY_MARK: agent_objects.key_mark(KEY)}


def test_the_way_in_is_open_for_the_one_port_of_our_pods() -> None:
    policy = agent_objects.way_in("folkbok")
    assert at(policy, "spec", "policyTypes") == ["Ingress"]
    assert at(policy, "spec", "podSelector", "matchExpressions", 0, "key") == LABEL
    assert at(policy, "spec", "ingress") == [
        {"ports": [{"port": agent_objects.PORT, "protocol": "TCP"}]}
    ]


def test_the_agent_is_kept_as_it_is_and_cannot_be_changed() -> None:
    kept = agent_objects.agent_map("folkbok", b"\x00bytes\xff", DIGEST)
    assert base64.b64decode(text_at(kept, "binaryData", "agent.pyz")) == b"\x00bytes\xff"
    assert kept["immutable"] is True
    assert text_at(kept, "metadata", "name") == "migrator-agent-abababababab"


@pytest.mark.parametrize(
    "workload", ["Deployment/folkbok", "StatefulSet/" + "x" * 60, "Deployment/folkbok.v2"]
)
def test_its_name_fits_a_label_and_is_no_other_workloads(workload: str) -> None:
    name = Place("folkbok", workload, "i").name
    assert len(name) <= 63
    assert name == name.lower()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert name != Place("elsewhere", workload, "i").name


@pytest.mark.parametrize(
    ("selector", "shown", "found"),
    [
        ({"app": "folkbok"}, True, "peers"),
        ({"app": "folkbok"}, False, ""),
        ({"app": "other"}, True, ""),
        ({}, True, ""),
    ],
)
def test_a_service_that_names_pods_which_are_not_ready_is_found(
    selector: dict[str, Plain], shown: bool, found: str
) -> None:
    service: KubeObject = {
        "metadata": {"name": "peers"},
        "spec": {"selector": selector, "publishNotReadyAddresses": shown},
    }
    labels = agent_objects.labels_for(PLACE, TEMPLATE)
    assert agent_objects.shown_unready([service], labels) == found


def a_pod(**status: Plain) -> KubeObject:
    said: KubeObject = {"conditions": [{"type": "ContainersReady", "status": "True"}], **status}
    meta: KubeObject = {"name": "p", "annotations": {KEY_MARK: agent_objects.key_mark(KEY)}}
    return {"metadata": meta, "spec": pod(), "status": said}


def test_a_pod_serves_once_its_container_runs_although_it_is_never_ready() -> None:
    assert agent_objects.serves(a_pod(), DIGEST, KEY)
    assert not agent_objects.serves(a_pod(conditions=[]), DIGEST, KEY)


def test_a_pod_of_another_release_or_one_that_goes_does_not_serve() -> None:
    assert not agent_objects.serves(a_pod(), "cd" * 32, KEY)
    going = a_pod()
    going["metadata"] = {
        **map_at(going, "metadata"),
        "deletionTimestamp": "2023-10-14T01:00:00Z",
    }
    assert not agent_objects.serves(going, DIGEST, KEY)


def test_a_pod_that_outlives_its_deployment_with_another_key_is_not_asked() -> None:
    """Taken away and made again, the key is a new one, and the old pod goes only afterwards."""
    assert not agent_objects.serves(a_pod(), DIGEST, "another key")
    made_for = texts_at(made(), "spec", "template", "metadata", "annotations")[KEY_MARK]
    assert made_for == agent_objects.key_mark(KEY)
    assert KEY not in made_for


def test_a_node_does_not_keep_the_key_of_agents_that_were_taken_away() -> None:
    """It would hand an immutable one to the next pod while the last one is still going."""
    secret = agent_objects.key_secret("folkbok", KEY)
    assert not secret.get("immutable")
    assert base64.b64decode(text_at(secret, "data", "key")).decode() == KEY
