"""Where a store is: in a folder, in a file that is named, or on a server.

`--store` takes all three. `sql.py` opens what is found here, `find.py` looks in both kinds. A
password that stands in an address is never shown again: messages name a store by its `place`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from migrator.errors import InputError

FILES: Final = {True: "practice.db", False: "live.db"}  # by: is it practice?

SERVERS: Final = ("postgresql+psycopg", "postgresql", "postgres")


def is_server(where: str) -> bool:
    """Tell whether an address names a database on a PostgreSQL server."""
    scheme, found, _ = where.partition("://")
    return bool(found) and scheme in SERVERS


def store_path(folder_or_url: str | Path, *, practice: bool) -> Path:
    """The file of a store: in a folder, named itself, or by URL."""
    text = str(folder_or_url)
    if "://" in text:
        scheme, _, rest = text.partition("://")
        # sqlite:///relative and sqlite:////absolute, as SQLAlchemy and its users write it.
        if scheme != "sqlite" or not rest.startswith("/"):
            raise InputError(
                "store-address",
                f"runs are kept in SQLite or on PostgreSQL, not at {scheme}://",
                hint="give a folder, a .db file, sqlite:///FILE or "
                "postgresql+psycopg://USER@HOST/DATABASE",
            )
        return Path(rest[1:])
    path = Path(folder_or_url)
    return path if path.suffix == ".db" else path / FILES[practice]
