"""A folder of files into one checked Inventory, or into every fault of every file at once.

Called by the CLI and by everybody who is given a folder: `read_inventory` raises InputError,
`examine` tells what was found either way. This is the package's one place that touches the disk.
Links are only named here; `links/` reads them.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from migrator.errors import Fault, InputError
from migrator.inventory import rows, schema
from migrator.inventory.assemble import assemble
from migrator.inventory.checks import check
from migrator.inventory.door import (
    Placed,
    fault_at,
    faults_of,
    found,
    listed,
    one,
    value_at,
)
from migrator.inventory.door import rows as good_rows
from migrator.inventory.field_types import Row
from migrator.inventory.model import Inventory
from migrator.inventory.rows import Rows
from migrator.inventory.yaml_text import Document, decode, read_yaml, read_yaml_documents

RowT = TypeVar("RowT", bound=Row)

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
"""A thousand subsystems are about a megabyte; a larger text is a mistake or an attack."""
HINT: Final = "mend the places named, then run `migrator check` on the folder again"
SUBSYSTEMS_FOLDER: Final = "subsystems"
MANIFESTS_FOLDER: Final = "manifests"
PROBES_FILE: Final = "probes.yaml"
"""Read by `probes/`, which stands above this package; a near miss of its name is told here."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What a folder holds: the inventory, or None and the faults; the counts in either case."""

    inventory: Inventory | None
    faults: tuple[Fault, ...]
    reference: str  # of the page that helps with these faults
    subsystems: int
    components: int
    functions: int
    people: int
    teams: int

    def error(self, folder: Path) -> InputError:
        """The faults as the error that people see."""
        number = len(self.faults)
        what = "1 fault" if number == 1 else f"{number} faults"
        return InputError(
            self.reference,
            f"the inventory in {folder} has {what}",
            hint=HINT,
            faults=self.faults,
        )


def read_inventory(folder: Path) -> Inventory:
    """Read and check a folder; InputError with all faults of all files if anything is wrong."""
    examination = examine(folder)
    if examination.inventory is None:
        raise examination.error(folder)
    return examination.inventory


def examine(folder: Path) -> Examination:
    """Read and check a folder; only a folder that is no inventory at all is an error here."""
    _require(folder)
    gathered = Rows(folder)
    for document in _documents(gathered):
        _take(gathered, document)
    _links(gathered)
    _manifests(gathered)
    check(gathered)
    faults = tuple(sorted(set(gathered.faults), key=lambda f: (f.file, f.line or 0, f.path)))
    return Examination(
        inventory=None if faults else assemble(gathered),
        faults=faults,
        reference="broken-yaml" if len(faults) == gathered.broken else "invalid-inventory",
        subsystems=len(gathered.seen.get(rows.SUBSYSTEM, [])),
        components=len(gathered.seen.get(rows.COMPONENT, [])),
        functions=len(gathered.seen.get(rows.FUNCTION, [])),
        people=len(gathered.seen.get(rows.PERSON, [])),
        teams=len(gathered.seen.get(rows.TEAM, [])),
    )


def _require(folder: Path) -> None:
    """Refuse what is no inventory's folder, and name the one that was probably meant."""
    if not folder.exists():
        message, hint = f"the folder {folder} does not exist", "name the folder of an inventory"
    elif not folder.is_dir():
        message, hint = f"{folder} is not a folder", f"name the folder: {folder.parent}"
    elif not (folder / "inventory.yaml").exists():
        message = f"the folder {folder} has no inventory.yaml"
        inner = sorted(path.parent for path in folder.glob("*/inventory.yaml"))
        hint = (
            f"did you mean {inner[0]}?"
            if inner
            else "name the folder of an inventory, or write inventory.yaml with the keys "
            "schema_version, name and owner; `migrator sample DIR` makes one to look at"
        )
    else:
        return
    raise InputError("missing-inventory", message, hint=hint)


def _documents(gathered: Rows) -> Iterator[Document]:
    """Every YAML file of the inventory that can be read; the others become faults."""
    for path in sorted(gathered.folder.iterdir()):
        _refuse_near_miss(gathered, path)
        if path.name in schema.FILES:
            yield from _read(gathered, path, path.name)
    folder = gathered.folder / SUBSYSTEMS_FOLDER
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = f"{SUBSYSTEMS_FOLDER}/{path.name}"
        if path.suffix == ".yaml":
            yield from _read(gathered, path, name)
        elif path.suffix == ".yml":
            gathered.faults.append(Fault(name, None, "", f"rename it to {path.stem}.yaml"))


def _refuse_near_miss(gathered: Rows, path: Path) -> None:
    """A file that looks like one of ours and is not would otherwise be ignored in silence."""
    known = [*schema.FILES, *schema.LINK_FILES, PROBES_FILE]
    if path.is_dir():
        known = [SUBSYSTEMS_FOLDER, MANIFESTS_FOLDER]
    elif path.suffix.lower() not in {".yaml", ".yml", ".csv", ".parquet", ".json"}:
        return
    if path.name in known:
        return
    stems: dict[str, list[str]] = {}
    for name in known:
        stems.setdefault(name.partition(".")[0], []).append(name)
    # Nearer than the usual measure: `subsystem` is a slip, `people-old` is somebody's own file.
    close = difflib.get_close_matches(path.stem.lower(), stems, n=1, cutoff=0.85)
    if close:
        right = " or ".join(stems[close[0]])
        message = f"is not read: did you mean {right}? Rename or remove it"
        gathered.faults.append(Fault(path.name, None, "", message))


def _read(gathered: Rows, path: Path, name: str) -> Iterator[Document]:
    try:
        content = _content(path, name)
        document = read_yaml(decode(content, name), name)
    except InputError as error:
        gathered.take(error)
        gathered.unreadable.add(name)
        return
    if not isinstance(document.data, dict):
        gathered.unreadable.add(name)
        empty = document.data is None
        message = (
            "the file is empty; write its keys, or remove it"
            if empty
            else f"wants keys and values, found {found(document.data)}"
        )
        gathered.faults.append(Fault(name, document.line(()), "", message))
        return
    gathered.documents[name] = document
    yield document


def _content(path: Path, name: str) -> bytes:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= FILE_BYTES_MAX else b""
    except OSError as error:
        fault = Fault(name, None, "", f"cannot be read: {error.strerror}")
        raise InputError("invalid-inventory", fault.message, hint=HINT, faults=(fault,)) from error
    if size > FILE_BYTES_MAX:
        fault = Fault(name, None, "", f"has {size} bytes; at most {FILE_BYTES_MAX} are read")
        raise InputError("invalid-inventory", fault.message, hint=HINT, faults=(fault,))
    return content


def _take(gathered: Rows, document: Document) -> None:
    """Check one document and put its good rows where they belong."""
    name = document.file
    if name.startswith(f"{SUBSYSTEMS_FOLDER}/") and value_at(document, ("subsystems",)) is None:
        gathered.faults += faults_of(document, schema.SubsystemRow)
        single = one(document, schema.SubsystemRow)
        gathered.subsystems += [single] if single else []
        _see_subsystem(gathered, document, ())
        return
    model = schema.SubsystemsFile if name.startswith(f"{SUBSYSTEMS_FOLDER}/") else None
    gathered.faults += faults_of(document, model or schema.FILES[name])
    if name == "inventory.yaml":
        gathered.head = one(document, schema.InventoryFile)
    elif name.startswith(SUBSYSTEMS_FOLDER):
        gathered.subsystems += good_rows(document, schema.SubsystemRow, "subsystems")
        for number in range(len(listed(document, "subsystems"))):
            _see_subsystem(gathered, document, ("subsystems", number))
    elif name == "relations.yaml":
        gathered.relations = good_rows(document, schema.RelationRow, "relations")
    elif name == "assumptions.yaml":
        gathered.assumptions = one(document, schema.AssumptionsFile)
    elif name == "calendar.yaml":
        _take_calendar(gathered, document)
    else:
        _take_lists(gathered, document)


def _take_lists(gathered: Rows, document: Document) -> None:
    """The files that hold lists of things with ids."""
    if document.file == "functions.yaml":
        gathered.functions = _listed(
            gathered, document, schema.FunctionRow, "functions", rows.FUNCTION
        )
    elif document.file == "places.yaml":
        gathered.places = _listed(gathered, document, schema.PlaceRow, "places", rows.PLACE)
    elif document.file == "people.yaml":
        gathered.people = _listed(gathered, document, schema.PersonRow, "people", rows.PERSON)
        gathered.teams = _listed(gathered, document, schema.TeamRow, "teams", rows.TEAM)
        gathered.shifts = _listed(gathered, document, schema.ShiftRow, "shifts", rows.SHIFT)


def _take_calendar(gathered: Rows, document: Document) -> None:
    gathered.window = one(document, schema.WindowRow, ("window",))
    zone = value_at(document, ("time_zone",))
    gathered.time_zone = zone if isinstance(zone, str) else None
    gathered.blackouts = _listed(gathered, document, schema.BlackoutRow, "blackouts", rows.BLACKOUT)
    gathered.fixed_dates = _listed(
        gathered, document, schema.FixedDateRow, "fixed_dates", rows.FIXED_DATE
    )


def _listed(
    gathered: Rows, document: Document, model: type[RowT], key: str, noun: str
) -> list[Placed[RowT]]:
    """The good rows of a list, and the ids of all its rows."""
    for number in range(len(listed(document, key))):
        path = (key, number, "id")
        gathered.see(noun, document, path, value_at(document, path))
    good = good_rows(document, model, key)
    if len(good) != len(listed(document, key)) or not all(placed.whole for placed in good):
        gathered.partial.add(noun)
    return good


def _see_subsystem(gathered: Rows, document: Document, path: tuple[str | int, ...]) -> None:
    """Note the ids of a subsystem and its components; one without components is its own."""
    subsystem = value_at(document, (*path, "id"))
    gathered.see(rows.SUBSYSTEM, document, (*path, "id"), subsystem)
    components = value_at(document, (*path, "components"))
    if not components:
        gathered.see(rows.COMPONENT, document, (*path, "id"), subsystem)
    for number in range(len(components) if isinstance(components, list) else 0):
        inside = (*path, "components", number, "id")
        gathered.see(rows.COMPONENT, document, inside, value_at(document, inside))


def _links(gathered: Rows) -> None:
    present = [name for name in schema.LINK_FILES if (gathered.folder / name).exists()]
    if len(present) > 1:
        message = "links.csv and links.parquet are both here; keep the one that is true"
        gathered.faults.append(Fault("links.csv", None, "", message))
    gathered.links_file = Path(present[0]) if present else None


def _manifests(gathered: Rows) -> None:
    """Digest every manifest, and see that it is YAML now rather than in the weekend."""
    folder = gathered.folder / MANIFESTS_FOLDER
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.suffix not in {".yaml", ".yml", ".json"} or not path.is_file():
            continue
        name = path.relative_to(gathered.folder).as_posix()
        try:
            content = _content(path, name)
            # JSON is nearly YAML; whoever applies it judges it as what it is.
            documents = (
                []
                if path.suffix == ".json"
                else read_yaml_documents(decode(content, name), name, aliases="expand")
            )
        except InputError as error:
            gathered.take(error)
            continue
        gathered.manifests[name] = hashlib.sha256(content).hexdigest()
        for document in documents:
            if not isinstance(document.data, dict):
                message = f"wants a Kubernetes object, found {found(document.data)}"
                gathered.faults.append(fault_at(document, (), message))
        subsystem = path.relative_to(folder).parts[0]
        if gathered.knows(rows.SUBSYSTEM) and subsystem not in gathered.ids(rows.SUBSYSTEM):
            message = f"the folder's name is no subsystem: '{subsystem}'"
            gathered.faults.append(Fault(name, None, "", message))
