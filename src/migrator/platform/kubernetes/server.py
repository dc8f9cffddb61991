"""Which server this is and whom it takes us for: asked before anything else, and by `check`.

Called when a connection is made. A client that sends no sign-in is told "forbidden" by a careful
server and let in as nobody by a careless one, so the name is always asked for.
"""

from __future__ import annotations

import re

from migrator.errors import EnvironmentFailed
from migrator.platform.kubernetes.asking import Asker
from migrator.platform.kubernetes.errors import VERSION_NEWEST, VERSION_OLDEST, unsupported_version
from migrator.platform.kubernetes.objects import KubeObject, text_at
from migrator.platform.kubernetes.wire import Asked, Target


async def whoami(asker: Asker) -> str:
    """The name under which the server knows us; nobody is an error, whatever it would allow."""
    review: KubeObject = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    target = Target("create", "selfsubjectreviews.authentication.k8s.io")
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    found = (await asker.send(Asked("POST", path, target, body=review))).parsed()
    user = text_at(found, "status", "userInfo", "username")
    if user in {"", "system:anonymous"}:
        raise EnvironmentFailed(
            "cluster-credentials",
            f"{asker.transport.server} takes us for nobody ({user or 'no name'})",
            hint="the context names no user, or its sign-in is not sent: `kubectl auth whoami`",
        )
    return user


async def version(asker: Asker) -> tuple[int, int]:
    """The server's version. Raises InputError when it is not one that we support."""
    asked = Asked("GET", "/version", Target("get", "/version"))
    found = (await asker.send(asked)).parsed()
    said = f"{text_at(found, 'major')}.{text_at(found, 'minor')}"
    # Providers write "31+"; what follows the number says nothing about the API.
    digits = re.fullmatch(r"(\d+)\.(\d+)\D*", said)
    if digits is None:
        raise unsupported_version(text_at(found, "gitVersion"))
    version = (int(digits[1]), int(digits[2]))
    if not VERSION_OLDEST <= version <= VERSION_NEWEST:
        raise unsupported_version(text_at(found, "gitVersion") or said)
    return version
