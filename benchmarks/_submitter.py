"""Another process that puts commands on a run's desk, as a handler's terminal does.

Run by `latency.py` with a store and a run. For each line on stdin (one command as JSON) it answers
with the moment before it submitted it, by the clock that all processes of a machine share.
"""

from __future__ import annotations

import json
import sys
import time

from migrator.engine.ports import OperatorCommand
from migrator.store.sql import open_store


def main() -> None:
    """Submit until stdin ends."""
    where, run = sys.argv[1:]
    with open_store(where, practice=True, create=False) as store:
        journal = store.journal(run, lead=False)
        for line in sys.stdin:
            fields = json.loads(line)
            details = tuple((key, text) for key, text in fields.pop("details"))
            began = time.perf_counter()
            journal.submit(OperatorCommand(**fields, details=details))
            print(began, flush=True)


if __name__ == "__main__":
    main()
