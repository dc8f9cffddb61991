"""How much may be sent at once: said in the form that all troubles of the API have.

One layer around the API's routes. The framework's own limit stands behind it and answers in plain
text, which programs do not read; nothing that is refused here is ever in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migrator.web.api.problems import Problem, answer
from migrator.web.shield import FORM_BYTES_MAX

ALERTS_BYTES_MAX: Final = 2 * 1024 * 1024
"""Five hundred alerts with their labels and annotations."""
LIMITS: Final[Mapping[str, int]] = {"/alerts": ALERTS_BYTES_MAX}
FRAMEWORK_BYTES_MAX: Final = 16 * ALERTS_BYTES_MAX
TOO_LARGE: Final = 413


class Sized:
    """The layer."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand around `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question, or refuse it for its size."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        place = str(scope["path"])[len(str(scope.get("root_path", ""))) :]
        limit = LIMITS.get(place, FORM_BYTES_MAX)
        said = Headers(scope=scope).get("content-length", "")
        if said.isascii() and said.isdecimal() and int(said[:18]) > limit:
            await answer(Request(scope, receive), Problem("too-large"))(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise HTTPException(TOO_LARGE)
            return message

        await self._app(scope, counted, send)
