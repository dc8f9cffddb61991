"""Old hosts for the tests of this folder, where this machine can have them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from cluster.lab import places
from cluster.lab.debian import unpacked
from probing.old_hosts import PACKAGES, Hosts, missing, old_hosts


@pytest.fixture(scope="session")
def hosts() -> Iterator[Hosts]:
    """Hosts that tests add to; they are ended with the last test."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    try:
        unpacked(PACKAGES)
    except (OSError, subprocess.SubprocessError, AssertionError) as error:
        pytest.skip(f"Debian's packages cannot be fetched: {error}")
    folder = places.cache() / f"hosts-{os.getpid()}"
    folder.mkdir()
    before = os.environ["PATH"]
    with old_hosts(folder, folder / "bin") as found:
        os.environ["PATH"] = f"{folder / 'bin'}:{before}"
        try:
            yield found
        finally:
            os.environ["PATH"] = before
            shutil.rmtree(folder)
