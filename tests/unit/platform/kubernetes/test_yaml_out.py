"""What is printed as YAML reads back as what it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from migrator.inventory.yaml_text import Plain, read_yaml_documents
from migrator.platform.kubernetes.yaml_out import documents

TEXT = some.text(some.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)
WORDS = some.sampled_from(["yes", "~", "null", "0x1", "1e3", "1:30", "a: b", "- x", "", "#", "*"])
SCALARS = some.one_of(TEXT, WORDS, some.integers(-99, 10**9), some.booleans(), some.none())


def nested(children: some.SearchStrategy[Plain]) -> some.SearchStrategy[Plain]:
    return some.one_of(
        some.lists(children, max_size=3), some.dictionaries(TEXT | WORDS, children, max_size=3)
    )


@given(
    some.lists(
        some.dictionaries(
            TEXT, some.recursive(SCALARS, nested, max_leaves=8), min_size=1, max_size=4
        ),
        min_size=1,
        max_size=2,
    )
)
def test_objects_read_back_as_they_were(objects: list[dict[str, Plain]]) -> None:
    assert [each.data for each in read_yaml_documents(documents(objects), "out")] == objects


def test_it_reads_as_a_person_would_write_it() -> None:
    rule: dict[str, Plain] = {"apiGroups": [""], "resources": ["pods", "pods/log"], "on": "yes"}
    assert documents([{"kind": "Role", "rules": [rule, {"verbs": []}], "n": 1}]) == (
        "---\n"
        "kind: Role\n"
        "rules:\n"
        '  - apiGroups: [""]\n'
        "    resources: [pods, pods/log]\n"
        '    "on": "yes"\n'
        "  - verbs: []\n"
        '"n": 1\n'
    )
