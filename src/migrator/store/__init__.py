"""The journal of a run: facts in order, chained by hashes, on disk or in memory.

`chain.py` writes and proves lines, `memory.py` holds the journal of a rehearsal, `database.py` and
its neighbours hold journals in SQLite. The conductor appends; the CLI reads. Nothing in this
package decides anything about a run, and nothing here changes a line that was written.
"""
