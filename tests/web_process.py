"""The pages as the process that people start: `migrator serve`, killed and begun anew."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from run_with_pages import NAME


@dataclass
class WebProcess:
    """One server process after the other, at the same address."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin it, and come back when it listens."""
        program = str(Path(sys.executable).parent / "migrator")
        words = ["serve", NAME, "--store", str(self.folder), "--port", str(self.port)]
        self.process = subprocess.Popen(
            [program, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert "http://" in line, f"it does not serve: {line}"
        self.port = int(line.rpartition(":")[2])

    def kill(self) -> None:
        """End it as a machine that loses its power does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None
