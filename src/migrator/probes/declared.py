"""probes.yaml -> Declared: what may be probed, from where, at which addresses, and how.

Called by `migrator check` and by whoever plans a sweep. Every fault of the file is found at once,
with its line, against the inventory that it belongs to. Without a list of allowed networks nothing
is ever declared: no address outside of it gets past here, and names are judged by the agent once
they are resolved. Nothing here looks a name up or opens a connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from migrator.errors import Fault, InputError
from migrator.inventory.model import Inventory
from migrator.inventory.yaml_text import decode, read_yaml
from migrator.probes import schema
from migrator.probes.declared_rows import Examiner
from migrator.probes.model import Declared

FILE: Final = schema.FILE
REFERENCE: Final = "invalid-probes"
HINT: Final = "mend the places named, then run `migrator check` on the inventory again"
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
"""A hundred thousand addresses are about six megabytes."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What the file says: `declared`, or None and the faults. `warnings` hold either way."""

    declared: Declared | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()

    def error(self) -> InputError:
        """The faults as the error that people see."""
        number = len(self.faults)
        what = "1 fault" if number == 1 else f"{number} faults"
        return InputError(REFERENCE, f"{FILE} has {what}", hint=HINT, faults=self.faults)


def read_declared(inventory: Inventory, today: date) -> Declared | None:
    """What an inventory's folder declares; None where it has no probes.yaml.

    InputError with all faults at once.
    """
    examined = examine_folder(inventory, today)
    if examined is None:
        return None
    if examined.declared is None:
        raise examined.error()
    return examined.declared


def examine_folder(inventory: Inventory, today: date) -> Examined | None:
    """Read and judge the file of an inventory's folder; None where there is none."""
    path = inventory.folder / FILE
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= FILE_BYTES_MAX else b""
    except FileNotFoundError:
        return None
    except OSError as error:
        return Examined(None, (Fault(FILE, None, "", f"cannot be read: {error.strerror}"),))
    if size > FILE_BYTES_MAX:
        message = f"has {size} bytes; at most {FILE_BYTES_MAX} are read"
        return Examined(None, (Fault(FILE, None, "", message),))
    return examine(content, inventory, today)


def examine(content: bytes, inventory: Inventory, today: date) -> Examined:
    """Judge the file's bytes; `today` tells which waivers have ended."""
    try:
        document = read_yaml(decode(content, FILE), FILE)
    except InputError as error:
        return Examined(None, error.faults)
    if not isinstance(document.data, dict):
        message = (
            "the file is empty; write its keys, or remove it"
            if document.data is None
            else "wants keys and values"
        )
        return Examined(None, (Fault(FILE, document.line(()), "", message),))
    examiner = Examiner(document, inventory, today)
    declared = examiner.declared()
    faults = sorted(set(examiner.faults), key=lambda f: (f.line or 0, f.path, f.message))
    return Examined(declared, tuple(faults), tuple(examiner.warnings))
