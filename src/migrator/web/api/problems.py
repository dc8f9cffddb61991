"""Why a question was not answered: one form of trouble for programs, with words for people.

RFC 9457, in the language that the caller asks for. Raised anywhere in the API, turned into an
answer by the handlers that `app.py` installs. What must never happen: an answer that holds what
went wrong inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migrator.errors import MigratorError
from migrator.reports.texts import N_
from migrator.web.doors import note
from migrator.web.following import Following
from migrator.web.refusing import Kind
from migrator.web.rendering import words

KIND: Final = "application/problem+json"
PREFIX: Final = "urn:migrator:"
SHOWN_MAX: Final = 20
"""Faults of one question; whoever has more should look at the description first."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What can go wrong: its status, a title and a sentence. The sentence says what to do."""

    status: int
    title: str
    detail: str


TROUBLES: Final[Mapping[str, Trouble]] = {
    "no-token": Trouble(
        401,
        N_("Nobody is named"),
        N_("Send a token in the header Authorization: Bearer. `migrator token` makes one."),
    ),
    "token-wrong": Trouble(
        401,
        N_("The token does not hold"),
        N_("It is none of this run's, or its time has passed, or somebody has ended it."),
    ),
    "too-many-wrong": Trouble(
        429,
        N_("Too many wrong tokens"),
        N_("Wait for some minutes, and look where the wrong ones come from."),
    ),
    "too-many-streams": Trouble(
        429,
        N_("Too many streams"),
        N_("Close some of those that this token has open."),
    ),
    "too-much": Trouble(
        429,
        N_("More different alarms than are kept"),
        N_("Some of this was not kept. Let fewer alarms through, or group them."),
    ),
    "role": Trouble(
        403,
        N_("This is not for you"),
        N_("Your roles in this run do not allow it, or your token was made for less."),
    ),
    "form-token": Trouble(
        403,
        N_("The form token is missing"),
        N_("A browser's session acts only with the header X-Form-Token; GET /me gives it."),
    ),
    "missing": Trouble(
        404,
        N_("There is no such thing here"),
        N_("Look at the address: it leads nowhere, or to something that is not yours."),
    ),
    "method": Trouble(
        405,
        N_("That cannot be done with this address"),
        N_("Look at the API's description for what can."),
    ),
    "doubled": Trouble(
        409,
        N_("The id was used before"),
        N_("Another command has this id. Make a new one for each thing that you want."),
    ),
    "too-large": Trouble(
        413,
        N_("It is too large"),
        N_("Send less at once."),
    ),
    "kind": Trouble(
        415,
        N_("It is of the wrong kind"),
        N_("Send JSON, with the header Content-Type: application/json."),
    ),
    "nonsense": Trouble(
        422,
        N_("It cannot be understood"),
        N_("Something is missing or of the wrong form; `faults` says where."),
    ),
    "lacks-verb": Trouble(
        422,
        N_("There is no such verb"),
        N_("GET /me names the verbs that you may give."),
    ),
    "lacks-verdict": Trouble(
        422,
        N_("The verdict is missing"),
        N_("`details.verdict` is works, works_but, does_not_work or cannot_judge."),
    ),
    "lacks-note": Trouble(
        422,
        N_("The note is missing"),
        N_("Say in `note` what you saw, so that somebody can mend it."),
    ),
    "lacks-side": Trouble(
        422,
        N_("The side is missing"),
        N_("This check shows by a mark which side it is on: `details.side` is old or new."),
    ),
    "lacks-reason": Trouble(
        422,
        N_("The reason is missing"),
        N_("A decision needs its reason; it is read by those who were not there."),
    ),
    "lacks-number": Trouble(
        422,
        N_("It holds a personal identity number"),
        N_("What is left behind is named in the journal, which never forgets: leave it out."),
    ),
    "lacks-sense": Trouble(
        422,
        N_("These details belong to another verb"),
        N_("Leave out what this verb does not take; the description names what it does."),
    ),
    "text": Trouble(
        422,
        N_("The text cannot be written down"),
        N_("Leave out control characters and half characters."),
    ),
    "away": Trouble(
        503,
        N_("The store is away"),
        N_("Nothing was done. Ask again in a few seconds, with the same id."),
    ),
}
_BY_STATUS: Final = {401: "no-token", 403: "role", 404: "missing", 405: "method",
                     413: "too-large", 415: "kind"}  # fmt: skip
AWAY_SECONDS: Final = 5
WRONG_SECONDS: Final = 600


REFUSALS: Final = {
    "token-wrong": Kind.WRONG_TOKEN,
    "too-many-wrong": Kind.TOO_OFTEN,
    "role": Kind.NO_RIGHT,
}
"""What an auditor is told of. Forged forms are counted where they are seen."""


class Problem(Exception):
    """A question that is answered with trouble. `why` adds what is known of this very case."""

    def __init__(
        self, reference: str, why: str = "", faults: Sequence[Mapping[str, str]] = ()
    ) -> None:
        """Name one of TROUBLES."""
        super().__init__(reference)
        self.reference = reference
        self.why = why
        self.faults = faults


def answer(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that tells of it."""
    trouble = TROUBLES[problem.reference]
    if (kind := REFUSALS.get(problem.reference)) is not None:
        note(request, kind)
    following: Following = request.app.state.following
    t = words(request, following)
    body: dict[str, object] = {
        "type": PREFIX + problem.reference,
        "title": t._(trouble.title),
        "status": trouble.status,
        "detail": t._(trouble.detail) + (f" ({problem.why})" if problem.why else ""),
    }
    if problem.faults:
        body["faults"] = list(problem.faults)
    made = JSONResponse(body, trouble.status, media_type=KIND)
    made.headers.update(headers or {})
    made.headers["content-language"] = t.language
    if trouble.status == 401:
        made.headers["www-authenticate"] = "Bearer"
    if trouble.status == 429:
        made.headers["retry-after"] = str(WRONG_SECONDS)
    if trouble.status == 503:
        made.headers["retry-after"] = str(AWAY_SECONDS)
    return made


async def told(request: Request, error: Exception) -> Response:
    """One of ours."""
    assert isinstance(error, Problem), "installed for these"
    return answer(request, error)


async def of_http(request: Request, error: Exception) -> Response:
    """What the framework refuses: no such address, another method, too large a body."""
    assert isinstance(error, HTTPException), "installed for these"
    reference = _BY_STATUS.get(error.status_code, "nonsense")
    return answer(request, Problem(reference), error.headers)


async def of_form(request: Request, error: Exception) -> Response:
    """What does not have the form that the description asks for."""
    assert isinstance(error, RequestValidationError), "installed for these"
    faults = [
        {"where": ".".join(map(str, each["loc"])), "what": str(each["msg"])}
        for each in error.errors()[:SHOWN_MAX]
    ]
    return answer(request, Problem("nonsense", faults=faults))


async def of_store(request: Request, error: Exception) -> Response:
    """The store is away, or the text cannot be kept."""
    assert isinstance(error, MigratorError), "installed for these"
    if error.reference == "command-text":
        return answer(request, Problem("text"))
    if error.reference == "command-doubled":
        return answer(request, Problem("doubled"))
    return answer(request, Problem("away"))
