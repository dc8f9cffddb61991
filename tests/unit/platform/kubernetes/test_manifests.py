"""A subsystem's folder becomes a Subject, or all its faults with their lines."""

from __future__ import annotations

import pytest

from migrator.errors import InputError
from migrator.platform.kubernetes.manifests import read_subject
from migrator.platform.kubernetes.objects import at, text_at
from migrator.platform.kubernetes.slices import OLD, Backend, Port, front_of
from migrator.platform.kubernetes.subject import (
    DatabaseEnd,
    DatabaseMove,
    Fronting,
    Identity,
    Subject,
)
from migrator.platform.kubernetes.traffic import Front
from subjects import OBJECTS, faults, read, with_cutover, with_objects


def test_a_whole_folder_becomes_a_subject() -> None:
    subject = read()
    assert (subject.subsystem, subject.namespace) == ("folkbok", "people")
    assert [text_at(each, "metadata", "namespace") for each in subject.objects] == ["people"] * 3
    assert subject.fronts == (
        Fronting(
            Front("people", "folkbok"),
            Backend(OLD, ("10.78.0.2",), (Port("http", 8081),)),
            (Port("http", 80),),
            Identity("http", "/whoami", "side=old", "side=new"),
        ),
    )
    assert subject.databases == (
        DatabaseMove(
            "folkbok",
            DatabaseEnd("10.78.0.2", 5432, "folkbok", "migrator", "env:X", "10.78.0.2", 5432),
            DatabaseEnd("db", 5433, "folkbok", "migrator", "", "10.0.0.9", 5433),
            ("app",),
        ),
    )
    assert subject.keeps_data == ("StatefulSet/folkbok-db",)
    assert [text_at(each, "kind") for each in subject.fenced_workloads()] == ["Deployment"]


def test_a_front_keeps_its_selector_until_it_is_applied() -> None:
    service = read().objects[0]
    assert at(service, "spec", "selector") == {"app": "folkbok"}
    assert "selector" not in str(front_of(service)["spec"])


@pytest.mark.parametrize("cutover", [None, "", "# nothing\n", "{}"])
def test_without_a_cutover_file_the_namespace_is_the_subsystem(cutover: str | None) -> None:
    subject = read(cutover=cutover)
    assert (subject.namespace, subject.fronts, subject.databases) == ("folkbok", (), ())


def test_a_folder_without_files_is_a_subject_without_objects() -> None:
    assert read_subject("folkbok", {}) == Subject("folkbok", "folkbok")


def test_every_fault_of_every_file_is_told_at_once_with_its_line() -> None:
    found = faults(
        with_objects("name: folkbok-db}", "name: folkbok-db, namespace: elsewhere}"),
        with_cutover("service: folkbok", "service: folkbk").replace("writers:", "writer:"),
    )
    assert found == [
        (
            "manifests/folkbok/app.yaml:21: metadata.namespace: wants the subsystem's namespace "
            "'people' or none, found 'elsewhere'; another one is named with `namespace:` in "
            "cutover.yaml"
        ),
        (
            "manifests/folkbok/cutover.yaml:3: fronts[0].service: no Service 'folkbk' is in the "
            "manifests; did you mean 'folkbok'?"
        ),
        "manifests/folkbok/cutover.yaml:7: databases[0].writers: the key 'writers' is missing",
        (
            "manifests/folkbok/cutover.yaml:10: databases[0].writer: unknown key 'writer'; did you "
            "mean 'writers'?"
        ),
    ]


def test_a_subsystem_that_cannot_name_a_namespace_must_name_one() -> None:
    files = {"a.yaml": OBJECTS.encode()}
    with pytest.raises(InputError) as caught:
        read_subject("folk_bok.v2", files)
    assert [fault.path for fault in caught.value.faults] == ["namespace"]
    assert read_subject("folk_bok.v2", {**files, "cutover.yaml": b"namespace: x"}).namespace == "x"


@pytest.mark.parametrize(
    "name", ["cutover.yml", "Cutover.yaml", "more/cutover.yaml", "cutover.json"]
)
def test_a_cutover_file_that_would_not_be_read_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_subject("folkbok", {name: b"namespace: x"})
    (fault,) = caught.value.faults
    assert "is not read" in fault.message


def test_a_cutover_file_that_is_no_mapping_or_no_yaml_is_one_fault() -> None:
    assert faults(cutover="- a") == [
        "manifests/folkbok/cutover.yaml:1: wants keys and values, found a list"
    ]
    assert len(faults(cutover="a: [")) == 1


def test_the_folder_is_called_as_whoever_asks_calls_it() -> None:
    with pytest.raises(InputError) as caught:
        read_subject("folkbok", {"a.yaml": b"kind: X"}, "here/folkbok")
    assert {fault.file for fault in caught.value.faults} == {"here/folkbok/a.yaml"}
