"""The fake channel: writes each message into a folder and says in it that nobody was called.

Used by practice runs, whose people are simulated, and by tests. It keeps what every channel has to
keep, so that practice meets the very messages of the real thing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migrator.errors import TransientError
from migrator.notices.letter import TEXT_MAX, Letter, one_line

FAKE: Final = "NOT SENT / INTE SKICKAT: a practice run calls nobody"


@dataclass(frozen=True, slots=True)
class FolderChannel:
    """A folder of messages, one file each; a doubled one is the same file."""

    folder: Path
    name: str

    def send(self, letter: Letter) -> str:
        """Write the letter down."""
        path = self.folder / f"{letter.id}.txt"
        lines = [
            FAKE,
            f"Channel: {self.name}",
            f"Person: {letter.person}",
            f"To: {letter.to}",
            f"Message-ID: {letter.id}",
            f"Subject: {one_line(letter.subject)}",
            f"Facts: {json.dumps(letter.facts, ensure_ascii=False)}",
            "",
            letter.text[:TEXT_MAX],
        ]
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        except OSError as error:
            raise TransientError(
                "notice-not-sent",
                f"{path} cannot be written: {error.strerror}",
                hint="make room, or let the user of the run write there",
            ) from error
        return "written into a folder: nobody was called"
