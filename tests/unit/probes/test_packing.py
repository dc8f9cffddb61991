"""The agent as one file: the same everywhere, standard library only, and it runs alone."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from migrator.probes import packing
from probing.running import a_header

OLDEST = (3, 9)

NEWER_NAMES = {
    # Methods and functions that came after 3.9, as far as they have names of their own.
    "aclosing",
    "anext",
    "aiter",
    "batched",
    "bit_count",
    "chdir",
    "file_digest",
    "get_annotations",
    "pairwise",
    "process_cpu_count",
    "StrEnum",
    "TaskGroup",
    "UTC",
    "ExceptionGroup",
    "Self",
    "ParamSpec",
    "TypeAlias",
    "TypeGuard",
    "assert_never",
    "assert_type",
    "override",
    "reveal_type",
    "get_unverified_chain",
    "get_verified_chain",
    "add_note",
}
NEWER_WORDS = {
    ("zip", "strict"),
    ("dataclass", "slots"),
    ("dataclass", "kw_only"),
    ("NamedTemporaryFile", "delete_on_close"),
}
"""Keyword arguments that came after 3.9 to functions which are older."""


def sources() -> dict[str, bytes]:
    return packing.contents()


def trees() -> dict[str, ast.Module]:
    return {
        name: ast.parse(content, name, feature_version=OLDEST)
        for name, content in sources().items()
    }


def test_packing_twice_gives_the_same_bytes() -> None:
    first = packing.packed_agent()
    packing.packed_agent.cache_clear()
    assert packing.packed_agent() == first
    assert first.digest == hashlib.sha256(first.data).hexdigest()


def test_nothing_of_this_machine_is_in_the_file() -> None:
    with zipfile.ZipFile(io.BytesIO(packing.packed_agent().data)) as archive:
        entries = archive.infolist()
    assert [e.filename for e in entries] == sorted(e.filename for e in entries)
    assert {e.date_time for e in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {e.compress_type for e in entries} == {zipfile.ZIP_STORED}
    assert {(e.create_system, e.external_attr >> 16) for e in entries} == {(3, 0o100644)}
    assert str(Path(packing.__file__).parent).encode() not in packing.packed_agent().data


def test_a_changed_source_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = packing.packed_agent().digest
    held = {**sources(), "migrator/probes/agent/loop.py": b"# another day\n"}
    monkeypatch.setattr(packing, "contents", lambda: held)
    packing.packed_agent.cache_clear()
    try:
        assert packing.packed_agent().digest != before
    finally:
        packing.packed_agent.cache_clear()


def test_only_the_standard_library_is_imported() -> None:
    imported = set()
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                imported.add(node.module or "")
    ours = {name for name in imported if name.partition(".")[0] == "migrator"}
    allowed = ("migrator.probes.agent", "migrator.probes.checks")
    assert {name for name in ours if not name.startswith(allowed)} == set()
    others = {name.partition(".")[0] for name in imported - ours}
    assert others <= sys.stdlib_module_names
    assert others.isdisjoint({"tomllib", "graphlib"})


def test_every_source_is_python_of_the_oldest_version() -> None:
    # Parsing says it of the grammar, and these of what has a name.
    newer = [
        f"{name}: {found}"
        for name, tree in trees().items()
        for node in ast.walk(tree)
        for found in newer_in(node)
    ]
    assert newer == []


def newer_in(node: ast.AST) -> list[str]:
    """What in this node an old Python does not have."""
    if isinstance(node, ast.Attribute) and node.attr in NEWER_NAMES:
        return [node.attr]
    if isinstance(node, ast.Name) and node.id in NEWER_NAMES:
        return [node.id]
    if isinstance(node, ast.ImportFrom):
        return [alias.name for alias in node.names if alias.name in NEWER_NAMES]
    if isinstance(node, ast.Call):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return [str(word.arg) for word in node.keywords if (called, word.arg) in NEWER_WORDS]
    return []


def test_types_are_joined_by_a_stroke_only_where_nobody_evaluates_them() -> None:
    """`int | None` at run time needs 3.10; in annotations that stay text it is fine."""
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                continue
            lazy = any(
                isinstance(line, ast.ImportFrom) and line.module == "__future__"
                for line in tree.body
            )
            assert lazy, f"{name} has no `from __future__ import annotations`"
        for line in tree.body:
            if isinstance(line, ast.Assign) and isinstance(line.value, ast.BinOp):
                assert not isinstance(line.value.op, ast.BitOr) or not joins_types(line.value), name


def joins_types(node: ast.BinOp) -> bool:
    """Tell whether a stroke stands between types and not between numbers."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    constants = [n for n in ast.walk(node) if isinstance(n, ast.Constant) and n.value is None]
    return bool(names & {"int", "str", "bytes", "float", "bool", "list", "dict"} or constants)


def test_the_file_runs_alone_and_knows_its_digest(tmp_path: Path) -> None:
    packed = packing.packed_agent()
    file = tmp_path / "agent.pyz"
    file.write_bytes(packed.data)
    header = json.dumps(a_header(digest=packed.digest))
    look = json.dumps({"id": "a", "kind": "tcp", "host": "192.0.2.1", "port": 1})
    done = subprocess.run(
        [sys.executable, "-I", str(file)],
        input=f"{header}\n{look}\n\n".encode(),
        capture_output=True,
        timeout=20,
        check=False,
        env={},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["word"] == "not_allowed"
    assert (lines[-1]["end"], lines[-1]["n"], lines[-1]["digest"]) == (True, 1, packed.digest)


def test_an_agent_of_another_day_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "agent.pyz"
    file.write_bytes(packing.packed_agent().data)
    done = subprocess.run(
        [sys.executable, "-I", str(file)],
        input=(json.dumps(a_header(digest="yesterday")) + "\n\n").encode(),
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "'yesterday'" in json.loads(done.stdout)["refused"]
