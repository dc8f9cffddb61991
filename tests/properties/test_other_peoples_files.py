"""Whatever stands in a file: an importer answers with a draft or with input to mend."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.errors import InputError
from migrator.importers.casual import read_casual
from migrator.importers.casual_files import LISTS
from migrator.importers.casual_log_lines import read_line
from migrator.importers.draft import Draft
from migrator.importers.jaeger import read_jaeger
from migrator.importers.otel_graph import TOTAL, read_otel_graph
from migrator.importers.write import inventory_texts

WORDS = st.sampled_from((
    *sorted(LISTS), "domain", "gateway", "inbound", "outbound", "reverse", "queue", "forward",
    "transaction", "address", "name", "alias", "path", "default", "server", "target", "service",
    "environment", "key", "value", "openinfo", "source", "http", "url", "system", "log", "reply",
))  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 70_000),
    st.sampled_from(
        ("h:1", "${H}:1", "0.0.0.0:2", "localhost:3", ":", "h:x", "http://h/x", "é\x7f")
    ),
    st.text(max_size=6),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=25,
)


def tried(name: str, text: str) -> Draft | None:
    """What an importer makes of a file; only InputError may come out of it."""
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            if name.startswith("graph"):
                return read_otel_graph([path], window_hours=1)
            if name.startswith("calls"):
                return read_jaeger([path], window_hours=1)
            return read_casual([path])
        except InputError as error:
            said = error
    assert said.faults or said.reference in {"import-no-domains", "import-no-calls"}
    return None


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(WORDS, TREES, max_size=5), st.sampled_from(("c.json", "c.yaml")))
def test_any_tree_is_a_domain_or_input_to_mend(tree: dict[str, object], name: str) -> None:
    draft = tried(name, json.dumps({"domain": tree}))
    if draft is not None:
        owners = {each.id for one in draft.subsystems for each in one.components}
        assert {end for link in draft.links for end in (link.source, link.target)} <= owners
        assert inventory_texts(draft, "somebody") == inventory_texts(draft, "somebody")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.sampled_from(("c.ini", "c.xml", "c.json", "c.yaml")))
def test_any_text_is_a_domain_or_input_to_mend(text: str, name: str) -> None:
    tried(name, text)


@settings(max_examples=60, deadline=None)
@given(TREES, st.sampled_from(("graph.json", "calls.json")))
def test_any_answer_is_a_graph_or_input_to_mend(tree: object, name: str) -> None:
    tried(name, json.dumps({"data": tree} if name == "calls.json" else {"data": {"result": tree}}))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_line_of_an_exposition_is_a_counter_or_input_to_mend(text: str) -> None:
    tried("graph.prom", f'{TOTAL}{{client="{text}",server="b"}} 1\n{text}\n')


@given(st.lists(st.text(max_size=8), max_size=14))
def test_any_line_of_a_log_is_a_row_or_none(cells: list[str]) -> None:
    read_line("|".join(cells), "|")
