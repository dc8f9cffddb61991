"""One text file from the disk, with errors that a person can act on.

Called by the readers of single files that are not an inventory's folder: plans, seals, approvals.
The core gets its text through this file, so that it never touches the disk itself. A file that is
not there is the caller's word to explain; that it may not be read, or is too large, is said here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from migrator.errors import EnvironmentFailed, InputError
from migrator.inventory.yaml_text import decode

TEXT_BYTES_MAX: Final = 64 * 1024 * 1024
"""A plan of a thousand subsystems is below a megabyte; a larger file is a mistake."""


def read_text_file(path: Path, missing: InputError) -> str:
    """The text of a file; raises `missing` where there is no such file."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= TEXT_BYTES_MAX else None
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise missing from error
    except OSError as error:
        raise EnvironmentFailed(
            "file-not-accessible",
            f"{path} cannot be read ({error.strerror})",
            hint="give this user access to it, or name another file",
        ) from error
    if content is None:
        raise InputError(
            "broken-yaml",
            f"{path} has {size} bytes; at most {TEXT_BYTES_MAX} are read",
            hint="name the right file",
        )
    return decode(content, str(path))
