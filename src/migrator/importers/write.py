"""Writes a Draft as an inventory folder that `migrator check` accepts.

Called by `cli/imports.py`. The same Draft gives the same bytes. A folder is written only if it is
empty, new, or was written by an import and not changed by hand since; `force` overrules that, and
even then files that no import wrote are left alone. coverage.json is written last: it is the mark
that the folder is whole, and remembers what was written.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from migrator.errors import EnvironmentFailed, Fault, InputError
from migrator.importers.coverage_report import coverage_data, coverage_page
from migrator.importers.draft import Draft, DraftSubsystem
from migrator.importers.evidence import CALLS_ASSUMED, CRITICALITY_ASSUMED
from migrator.inventory.model import LINK_COLUMNS, Estimate
from migrator.inventory.yaml_text import resolve

COVERAGE: Final = "coverage.json"
OWNER_UNKNOWN: Final = "unknown"

_ELEVEN: Final = frozenset(("y", "n", "yes", "no", "on", "off"))
"""Words that other readers of YAML take for true or false."""


def write_draft(draft: Draft, folder: Path, owner: str = OWNER_UNKNOWN, *, force: bool) -> None:
    """Write the inventory; remove what an earlier import left there and this one does not have."""
    write_folder(folder, inventory_texts(draft, owner), coverage_data(draft), force=force)


def write_folder(
    folder: Path,
    texts: Mapping[str, str],
    data: Mapping[str, object],
    made: Mapping[str, Path] = MappingProxyType({}),
    *,
    force: bool,
) -> None:
    """Write texts and coverage.json; `made` are files too large for a text, which are moved in."""
    earlier = _earlier(folder)
    if not force:
        _refuse_foreign(folder, earlier)
    digests = {name: _digest(text) for name, text in texts.items()}
    digests |= {name: _digest_of(path) for name, path in made.items()}
    whole = {**data, "written": dict(sorted(digests.items()))}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Without its mark the folder is unfinished: an import that is cut off is seen as such.
        (folder / COVERAGE).unlink(missing_ok=True)
        for name in sorted(earlier.keys() - digests.keys()):
            _remove(folder, name)
        for name, text in texts.items():
            _put(folder / name, text)
        for name, path in made.items():
            _move(path, folder / name)
        _put(folder / COVERAGE, json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise EnvironmentFailed(
            "import-not-written",
            f"{error.filename or folder} cannot be written: {error.strerror}",
            hint="make room, or give this user access to the folder, and import again",
        ) from error


def inventory_texts(draft: Draft, owner: str) -> dict[str, str]:
    """File name -> content, coverage.json excepted."""
    texts = {
        "inventory.yaml": _inventory(draft, owner),
        "subsystems.yaml": _subsystems(draft),
        "assumptions.yaml": _assumptions(),
        "coverage.md": coverage_page(draft),
    }
    if draft.links:
        texts["links.csv"] = _links(draft)
    for manifest in draft.manifests:
        texts[f"manifests/{manifest.subsystem}/{manifest.name}"] = manifest.text
    return texts


def _earlier(folder: Path) -> dict[str, str]:
    """What an earlier import wrote into the folder: name -> digest. Empty where none did."""
    try:
        data = json.loads((folder / COVERAGE).read_text(encoding="utf-8"))
        written = data["written"]
        made = str(data["written_by"]).startswith("migrator import")
        kept = {str(name): str(digest) for name, digest in written.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    inside = {
        name: digest
        for name, digest in kept.items()
        if not Path(name).is_absolute() and ".." not in Path(name).parts
    }
    return inside if made else {}


def _refuse_foreign(folder: Path, earlier: Mapping[str, str]) -> None:
    """Refuse a folder that holds something that an import would destroy."""
    if folder.exists() and not folder.is_dir():
        raise InputError(
            "import-folder-not-ours",
            f"{folder} is a file",
            hint="name a new or empty folder with -o",
        )
    if not earlier:
        if folder.is_dir() and any(folder.iterdir()):
            raise InputError(
                "import-folder-not-ours",
                f"{folder} is not empty and was not written by an import",
                hint="name a new folder with -o, or write over it with --force",
            )
        return
    changed = [
        name
        for name, digest in sorted(earlier.items())
        if (folder / name).is_file() and _digest_of(folder / name) != digest
    ]
    if changed:
        raise InputError(
            "import-folder-not-ours",
            f"{folder} was changed by hand since it was imported ({len(changed)} of its files)",
            hint="import into another folder and compare, or lose the changes with --force",
            faults=tuple(Fault(name, None, "", "changed since the import") for name in changed),
        )


def _remove(folder: Path, name: str) -> None:
    """Remove a file of an earlier import, and the folders that it leaves empty."""
    path = folder / name
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()


def _put(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    beside.replace(path)


def _move(path: Path, target: Path) -> None:
    """Put a file in its place, whole or not at all, also from another file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    shutil.move(path, beside)
    beside.replace(target)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


def _digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _inventory(draft: Draft, owner: str) -> str:
    return (
        "# Written by migrator import; coverage.md says what was read, ignored and suspected.\n"
        "schema_version: 1\n"
        f"name: {_scalar(draft.name)}\n"
        f"owner: {_scalar(owner)}\n"
    )


def _subsystems(draft: Draft) -> str:
    lines = [
        "# One subsystem per workload or service. The comment beside a kind says what it was",
        "# concluded from. Fill in team, criticality, data_classes and durations where known:",
        "# what is not given comes from assumptions.yaml and is marked as assumed.",
        "subsystems:",
    ]
    for each in draft.subsystems:
        lines += _subsystem(each)
    return "\n".join(lines) + "\n"


def _subsystem(each: DraftSubsystem) -> list[str]:
    lines = [
        f"  - id: {_scalar(each.id)}",
        f"    name: {_scalar(each.name)}",
        f"    kind: {each.kind.value}  # {_comment(each.why)}",
    ]
    for key, amount in (
        ("cpu", each.cpu),
        ("memory_gib", each.memory_gib),
        ("copy_gib", each.copy_gib),
    ):
        if amount is not None:
            lines.append(f"    {key}: {amount:g}")
    if each.tags:
        lines.append(f"    tags: [{', '.join(_scalar(tag) for tag in each.tags)}]")
    lines.append("    components:")
    for component in each.components:
        lines.append(f"      - id: {_scalar(component.id)}")
        lines.append(f"        name: {_scalar(component.name)}")
        lines.append(f"        role: {component.role}")
        if component.technology is not None:
            lines.append(f"        technology: {_scalar(component.technology)}")
    return lines


def _assumptions() -> str:
    from migrator.inventory.assumptions import BUILT_IN, TIME_ZONE, WINDOW_END, WINDOW_START

    lines = [
        "# Manifests do not say how long things take, who works, or when. These figures are used",
        "# wherever nobody gave one, and marked as assumed in every plan and report. Replace them:",
        "#   how long    ask the teams; give a subsystem its own durations in subsystems.yaml",
        "#   who         write people.yaml with teams, seats, shifts, handlers and decision makers",
        "#   when        write calendar.yaml with the window, blackout slots and partners' dates",
        "#   where       write places.yaml with the old and the new platform and their capacities",
        "#   what for    write functions.yaml with what case handlers verify",
        "durations:",
    ]
    for kind, durations in BUILT_IN.durations.items():
        lines.append(f"  {kind.value}:")
        lines += [f"    {key}: {_estimate(each)}" for key, each in durations.items()]
    lines += [
        f"failure_probability: {BUILT_IN.failure_probability:g}  # of one whole move",
        f"team: {{id: {_scalar(BUILT_IN.team)}, seats: {BUILT_IN.team_seats}}}",
        f"verify_minutes: {_estimate(BUILT_IN.verify_minutes)}",
        f'window: {{start: "{WINDOW_START}", end: "{WINDOW_END}", time_zone: {TIME_ZONE}}}',
    ]
    return "\n".join(lines) + "\n"


def _estimate(each: Estimate) -> str:
    from migrator.inventory.duration import format_minutes

    return f"{{p50: {format_minutes(each.p50)}, p80: {format_minutes(each.p80)}}}"


def _links(draft: Draft) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(LINK_COLUMNS)
    for link in draft.links:
        row: dict[str, object] = {
            "id": link.id,
            "source": link.source,
            "target": link.target,
            "protocol": link.protocol,
            "port": "" if link.port is None else link.port,
            "data_class": "",
            "calls_per_day": CALLS_ASSUMED if link.calls_per_day is None else link.calls_per_day,
            "latency_class": link.latency.value,
            "criticality": CRITICALITY_ASSUMED,
            "evidence": " ".join(link.evidence_text.split()),
        }
        writer.writerow([row[column] for column in LINK_COLUMNS])
    return stream.getvalue()


def _scalar(text: str) -> str:
    """A text as a YAML scalar, in quotes wherever any reader could take it for something else."""
    plain = (
        text
        and text[0].isalpha()
        and all(each.isascii() and (each.isalnum() or each in "._-/ ") for each in text)
        and text == text.strip()
        and text.lower() not in _ELEVEN
        and isinstance(resolve(text), str)
    )
    return text if plain else json.dumps(text, ensure_ascii=True)


def _comment(text: str) -> str:
    """A text that cannot leave its comment."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
