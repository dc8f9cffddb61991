"""The API as an application of its own, which `web/app.py` mounts beside the pages.

So its description names its routes only, and its troubles have the form that programs read. It
shares the state of the pages: one run that is followed, one hub, the same sign-in.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.datastructures import State
from starlette.exceptions import HTTPException

from migrator.errors import MigratorError
from migrator.store.intake import Intake
from migrator.store.tokens import Tokens
from migrator.web.api import commands, events, looks, problems, reports
from migrator.web.api.alarms import Alarms
from migrator.web.api.callers import Wrong, as_described
from migrator.web.api.sizes import FRAMEWORK_BYTES_MAX, Sized
from migrator.web.guests import Guests
from migrator.web.seen import SeenRun

PLACE: Final = "/api/v1"
VERSION: Final = "1"
ABOUT: Final = (
    "Everything that the pages of a run show and do, for programs. Send a token in the header "
    "Authorization: Bearer; `migrator token RUN PERSON` makes one. Times carry the offset of the "
    "plan's clocks; texts come in the language of Accept-Language, sv or en."
)


class Programs:
    """What programs need beside the pages. `wake` makes every stream look up."""

    def __init__(self, seen: SeenRun, wake: Callable[[], None]) -> None:
        """Serve the programs of one run."""
        self.tokens = Tokens(seen.store.database, seen.name)
        intake = Intake(seen.store.database, seen.name)
        self.inbox = reports.Inbox(intake)
        self.alarms = Alarms(seen, intake)
        self.guests = Guests(self.tokens, wake)

    def tasks(self) -> Iterator[tuple[str, Coroutine[object, object, None]]]:
        """What goes on as long as pages are served, by name."""
        yield "programs", self.guests.look_out()
        yield "alarms", self.alarms.keep_telling()


def create_api(state: State, programs: Programs) -> FastAPI:
    """The API of one run. `state` is that of the pages."""
    state.tokens = programs.tokens
    state.inbox = programs.inbox
    state.token_guests = programs.guests
    state.wrong_tokens = Wrong()
    api = FastAPI(
        title="migrator",
        version=VERSION,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        servers=[{"url": PLACE}],
        root_path_in_servers=False,
        max_body_size=FRAMEWORK_BYTES_MAX,
        dependencies=[Depends(as_described)],
        telemetry={"auto_configure": False, "logs": False},
    )
    api.state = state
    for part in (looks, events, commands, reports):
        api.include_router(part.router)
    api.add_middleware(Sized)
    api.add_exception_handler(problems.Problem, problems.told)
    api.add_exception_handler(HTTPException, problems.of_http)
    api.add_exception_handler(RequestValidationError, problems.of_form)
    api.add_exception_handler(MigratorError, problems.of_store)
    api.openapi = lambda: _described(api)  # type: ignore[method-assign] # the framework's own way
    return api


def _described(api: FastAPI) -> dict[str, Any]:
    """The description, in which troubles have the kind that they are sent with."""
    if api.openapi_schema is None:
        made = get_openapi(
            title=api.title,
            version=api.version,
            description=api.description,
            routes=api.routes,
            servers=api.servers,
        )
        for path in made["paths"].values():
            for operation in path.values():
                for status, answer in operation["responses"].items():
                    content = answer.get("content", {})
                    if int(status) >= 400 and "application/json" in content:
                        answer["content"] = {problems.KIND: content["application/json"]}
        api.openapi_schema = made
    return api.openapi_schema
