"""Everything that is made once and kept: programs, tools and images.

Says what it is about to do and how long that takes, because the first time is long. A lab is only
started when `is_built`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from cluster.lab.debian import Packages, unpacked
from cluster.lab.images import IMAGES, pack
from cluster.lab.machine import LabFailed, missing_to_build
from cluster.lab.programs import BUILDERS, build

Say = Callable[[str], None]

TOOLS: Final = Packages(
    "tools",
    ("containerd", "containernetworking-plugins", "nftables", "openssl", "runc"),
    # The machine has one that its own loader fits; another one's would not run.
    left_out=("libc6_",),
)
"""What runs on the machine itself."""


def is_built() -> bool:
    """Whether everything is there."""
    return (
        all(module.folder.exists() for module in BUILDERS)
        and TOOLS.folder.exists()
        and all(image.file.exists() for image in IMAGES)
    )


def build_all(say: Say) -> None:
    """Make whatever is not there yet."""
    if is_built():
        return
    reason = missing_to_build()
    if reason is not None:
        raise LabFailed(reason)
    began = time.monotonic()
    to_build = [module for module in BUILDERS if not module.folder.exists()]
    if to_build:
        say("building takes 5 to 15 minutes the first time on two cores, 30 s from Go's cache")
    for module in to_build:
        say(f"building {module.name} {module.version}")
        build(module)
    say("unpacking Debian packages and packing images: a minute at most")
    unpacked(TOOLS)
    for image in IMAGES:
        pack(image)
    say(f"the lab is built, after {time.monotonic() - began:.0f} s")
