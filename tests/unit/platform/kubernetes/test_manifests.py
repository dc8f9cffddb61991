"""A subsystem's folder becomes a Subject, or all its faults with their lines."""

from __future__ import annotations

import pytest

from migrator.errors import InputError
from migrator.platform.kubernetes.manifests import examine, read_subject
from migrator.platform.kubernetes.objects import at, text_at
from migrator.platform.kubernetes.slices import NEW, OLD, Backend, Port, front_of
from migrator.platform.kubernetes.subject import (
    DatabaseEnd,
    DatabaseMove,
    Fronting,
    Identity,
    Subject,
)
from migrator.platform.kubernetes.traffic import Front

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


def with_front(old: str, new: str) -> str:
    assert old in CUTOVER
    return CUTOVER.replace(old, new)


def with_object(old: str, new: str) -> str:
    assert old in OBJECTS
    return OBJECTS.replace(old, new, 1)


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


def test_a_port_without_a_name_and_an_identity_without_a_port_meet() -> None:
    subject = read(
        with_object("name: http, ", ""),
        with_front("port: http, addr", "addr").replace("{port: http, path", "{path"),
    )
    assert subject.fronts[0].identity.port == ""
    assert subject.fronts[0].old.ports == (Port("", 8081),)


def test_a_front_without_an_identity_is_asked_on_its_only_port() -> None:
    line = '    identity: {port: http, path: /whoami, old: "side=old", new: "side=new"}\n'
    subject = read(cutover=with_front(line, ""))
    assert subject.fronts[0].identity == Identity("http")
    assert subject.fronts[0].identity.expected(NEW) == ""


def test_every_fault_of_every_file_is_told_at_once_with_its_line() -> None:
    found = faults(
        with_object("name: folkbok-db}", "name: folkbok-db, namespace: elsewhere}"),
        with_front("service: folkbok", "service: folkbk").replace("writers:", "writer:"),
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


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("10.78.0.2], n", "127.0.0.1], n", "a loopback address"),
        ("10.78.0.2], n", "'::1'], n", "a loopback address"),
        ("10.78.0.2], n", "'::ffff:127.0.0.1'], n", "a loopback address"),
        ("10.78.0.2], n", "169.254.1.1], n", "a link-local address"),
        ("10.78.0.2], n", "'fe80::1'], n", "a link-local address"),
        ("10.78.0.2], n", "224.0.0.1], n", "a multicast address"),
        ("10.78.0.2], n", "0.0.0.0], n", "no address of a machine"),
        ("10.78.0.2], n", "old.example.test], n", "wants an IP address"),
        ("10.78.0.2], n", "10.78.0.2, 10.78.0.2], n", "an address stands twice"),
        ("10.78.0.2], n", "10.78.0.2, 'fd00::1'], n", "IPv4 and IPv6 in one front"),
        ("addresses: [10.78.0.2]", "addresses: []", "wants at least 1 entry"),
        ("number: 8081", "number: 0", "wants at least 1, found the number 0"),
        ("number: 8081", "number: '8081'", "wants a whole number"),
        ("{port: http, addr", "{port: htp, addr", "the port 'htp' is none of the Service's; did"),
        ("identity: {port: http", "identity: {port: web", "the port 'web' is none"),
        ("path: /whoami", "path: whoami", "wants a path that begins with '/'"),
        ('old: "side=old"', 'old: "side="', "one text is part of the other"),
        ('old: "side=old", new: "side=new"', "path: /", "the key 'path' stands twice"),
        (', old: "side=old", new: "side=new"', "", "gives neither 'old' nor 'new'"),
        ("namespace: people", "namespace: Big_Town", "wants a namespace of lower-case letters"),
        ("namespace: people", "namespace: kube-system", "the cluster's own"),
        ("namespace: people", "namspace: people", "did you mean 'namespace'?"),
        (
            "StatefulSet/folkbok-db",
            "StatefulSet/folkbok-bd",
            "did you mean 'StatefulSet/folkbok-db'",
        ),
        ("StatefulSet/folkbok-db", "folkbok-db", "wants a workload such as"),
        (
            "[StatefulSet/folkbok-db]",
            "[StatefulSet/folkbok-db, StatefulSet/folkbok-db]",
            "stands twice",
        ),
        ('password: "env:X"', "password: hunter2", "wants where the password is found"),
        ("writers: [app]", "writers: []", "wants at least 1 entry"),
        ("writers: [app]", "writers: [app, app]", "'app' stands twice"),
        ("writers: [app]", "writers: [migrator]", "give migrator a role of its own"),
        ("writers: [app]", "writers: [app]\n    tables: [people]", "wants schema.table"),
        ("writers: [app]", "writers: [app]\n    tables: [a.b, a.b]", "'a.b' stands twice"),
        ("host: db, port: 5433", "host: 10.78.0.2", "the target is the source itself"),
        ("name: folkbok\n", "name: ' folkbok'\n", "wants text without spaces around it"),
    ],
)
def test_a_wrong_value_of_the_cutover_file_is_refused_in_words(
    old: str, new: str, words: str
) -> None:
    found = faults(cutover=with_front(old, new))
    assert words in "\n".join(found)
    assert all(fault.startswith("manifests/folkbok/cutover.yaml:") for fault in found), found


def test_a_password_in_the_file_is_not_repeated() -> None:
    assert "hunter2" not in str(faults(cutover=with_front('"env:X"', "hunter2")))


def test_a_front_or_a_database_that_stands_twice_is_refused() -> None:
    front = CUTOVER.partition("databases")[0].partition("fronts:\n")[2]
    base = CUTOVER.partition("databases:\n")[2].partition("keeps_data")[0]
    found = "\n".join(faults(cutover=CUTOVER.replace(front, front * 2).replace(base, base * 2)))
    assert "the front 'folkbok' stands twice" in found
    assert "the database 'folkbok' stands twice" in found


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  selector: {app: folkbok}\n", "", "a front needs its selector"),
        ("spec:\n", "spec:\n  clusterIP: None\n", "a headless Service"),
        ("spec:\n", "spec:\n  type: ExternalName\n", "an ExternalName"),
        ("spec:\n", "spec:\n  ipFamilies: [IPv6]\n", "the Service speaks IPv6"),
        ("port: 80,", "port: web,", "wants a port from 1 to 65535"),
        (
            "    - {name: http",
            "    - {name: x, port: 81}\n    - {name: http",
            "the port 'x' of the",
        ),
        ("    - {name: http", "    - {name: http, port: 81}\n    - {name: http", "stands twice"),
        ("targetPort: 8080", "protocol: UDP", "only TCP can be asked"),
        ("    - {name: http, port: 80, targetPort: 8080}\n", "", "a front needs ports"),
    ],
)
def test_a_service_that_one_write_cannot_move_is_no_front(old: str, new: str, words: str) -> None:
    assert words in "\n".join(faults(with_object(old, new)))


def test_ports_with_different_addresses_need_two_writes_and_are_refused() -> None:
    objects = with_object("    - {name: http", "    - {name: adm, port: 81}\n    - {name: http")
    cutover = with_front("old: [", "old: [{port: adm, addresses: [10.78.0.3], number: 9},")
    assert "all ports of a front need the same addresses" in "\n".join(faults(objects, cutover))


def test_several_ports_need_an_identity_that_says_which() -> None:
    objects = with_object("    - {name: http", "    - {name: adm, port: 81}\n    - {name: http")
    cutover = with_front("old: [", "old: [{port: adm, addresses: [10.78.0.2], number: 9},")
    assert read(objects, cutover).fronts[0].old.ports == (Port("adm", 9), Port("http", 8081))
    unnamed = cutover.replace("{port: http, path", "{path")
    assert "say which one is asked" in "\n".join(faults(objects, unnamed))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (OBJECTS, "Deployment/people/folkbok stands twice, first at manifests/folkbok/app.yaml:9"),
        (
            "apiVersion: v1\nkind: Endpoints\nmetadata: {name: folkbok}",
            "both sides would be live",
        ),
        (
            (
                "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
                "metadata: {name: x, labels: {kubernetes.io/service-name: folkbok}}"
            ),
            "both sides would be live",
        ),
        (
            (
                "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
                "metadata: {name: folkbok-migrator}"
            ),
            "the program makes a slice of this name",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: folkbok-pods}",
            "the program makes a Service of this name",
        ),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}", "cannot be prepared and fenced"),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 1}",
            "without a selector",
        ),
        (
            (
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n"
                "spec: {selector: {matchLabels: {a: b}}}"
            ),
            "the pods' template does not carry it",
        ),
        (
            (
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
                "metadata: {name: r, namespace: people}"
            ),
            "belongs to the whole cluster",
        ),
    ],
)
def test_objects_that_would_break_the_move_are_refused(more: str, words: str) -> None:
    assert words in "\n".join(faults(f"{OBJECTS}---\n{more}\n"))


def test_objects_of_the_whole_cluster_get_no_namespace() -> None:
    more = (
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: people}\n"
        "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: gates.example.test}\n"
        "spec: {group: example.test, scope: Cluster, names: {kind: Gate}}\n"
        "---\napiVersion: example.test/v1\nkind: Gate\nmetadata: {name: g}\n"
    )
    subject = read(OBJECTS + more)
    assert [text_at(each, "metadata", "namespace") for each in subject.objects[3:]] == ["", "", ""]
    assert rules(OBJECTS + more) == []


def test_a_kind_that_nobody_here_knows_gets_the_namespace_with_a_finding() -> None:
    more = "---\napiVersion: example.test/v1\nkind: Gate\nmetadata: {name: g}\n"
    assert text_at(read(OBJECTS + more).objects[3], "metadata", "namespace") == "people"
    assert rules(OBJECTS + more) == [("scope-unknown", 30)]


def test_what_the_manifests_do_not_bring_is_a_finding() -> None:
    objects = with_object(
        "      containers: [{name: web,",
        "      imagePullSecrets: [{name: pull}]\n"
        "      serviceAccountName: web\n"
        "      volumes:\n"
        "        - {name: a, secret: {secretName: keys}}\n"
        "        - {name: b, configMap: {name: maybe, optional: true}}\n"
        "        - {name: c, projected: {sources: [{configMap: {name: kube-root-ca.crt}}]}}\n"
        "        - {name: d, persistentVolumeClaim: {claimName: data}}\n"
        "      containers: [{name: web, envFrom: [{configMapRef: {name: settings}}],"
        " env: [{name: P, valueFrom: {secretKeyRef: {name: pull, key: k}}}],",
    )
    assert rules(objects) == [("not-in-manifests", line) for line in (17, 18, 20, 23, 24)]
    secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: pull}\n"
    assert len(rules(objects + secret)) == 4


def test_a_front_that_chooses_no_pods_or_keeps_its_callers_is_a_finding() -> None:
    objects = with_object("spec:\n", "spec:\n  sessionAffinity: ClientIP\n")
    assert rules(objects) == [("front-affinity", 5)]
    assert rules(with_object("{app: folkbok}", "{app: x}")) == [("front-without-pods", 5)]


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
