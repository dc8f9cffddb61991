"""The collector keeps each fact once, and says where it saw it first."""

from __future__ import annotations

from migrator.importers.coverage import Collector, Ignored


def test_objects_are_counted_by_file_and_kind() -> None:
    collector = Collector()
    for kind in ("Service", "Deployment", "Service"):
        collector.saw("a.yaml", kind)
    collector.saw("empty.yaml")
    files = {each.file: each.kinds for each in collector.freeze("kubernetes").files}
    assert files == {"a.yaml": (("Deployment", 1), ("Service", 2)), "empty.yaml": ()}


def test_a_variable_counts_its_places_and_names_the_first() -> None:
    collector = Collector()
    for line in (9, 3, 9):
        collector.variable("PORT", "a.yaml", line)
    (variable,) = collector.freeze("compose").variables
    assert (variable.places, variable.line) == (2, 3)


def test_a_secret_remembers_its_users_and_its_place() -> None:
    collector = Collector()
    collector.secret("login", ["web"])
    collector.secret("login", (), "a.yaml", 4)
    collector.secret("login", ["api"])
    (secret,) = collector.freeze("kubernetes").secrets
    assert (secret.used_by, secret.file, secret.line) == (("api", "web"), "a.yaml", 4)


def test_the_same_fact_twice_is_one_fact() -> None:
    collector = Collector()
    for _ in range(2):
        collector.ignored.add(Ignored("a.yaml", 1, "Role x", "why"))
    assert len(collector.freeze("kubernetes").ignored) == 1
