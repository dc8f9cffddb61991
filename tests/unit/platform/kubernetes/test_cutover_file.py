"""What may stand in `cutover.yaml`, and that no password ever does."""

from __future__ import annotations

import pytest

from subjects import CUTOVER, faults, with_cutover


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
    found = faults(cutover=with_cutover(old, new))
    assert words in "\n".join(found)
    assert all(fault.startswith("manifests/folkbok/cutover.yaml:") for fault in found), found


def test_a_password_in_the_file_is_not_repeated() -> None:
    assert "hunter2" not in str(faults(cutover=with_cutover('"env:X"', "hunter2")))


def test_a_front_or_a_database_that_stands_twice_is_refused() -> None:
    front = CUTOVER.partition("databases")[0].partition("fronts:\n")[2]
    base = CUTOVER.partition("databases:\n")[2].partition("keeps_data")[0]
    found = "\n".join(faults(cutover=CUTOVER.replace(front, front * 2).replace(base, base * 2)))
    assert "the front 'folkbok' stands twice" in found
    assert "the database 'folkbok' stands twice" in found
