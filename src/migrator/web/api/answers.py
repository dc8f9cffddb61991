"""Which answers each route of the API can give, for its description.

A program that is written after the description must meet no status that does not stand in it, so
the tests compare every answer with these tables.
"""

from __future__ import annotations

from typing import Any, Final

from migrator.web.api.shapes import Problem

Answers = dict[int | str, dict[str, Any]]
"""As the framework takes them."""

_WHY: Final = {
    401: "Nobody is named, or the token does not hold.",
    403: "The roles of whoever asks do not allow it.",
    404: "There is no such thing, or it is not yours.",
    408: "The question took too long to arrive.",
    409: "The id was used before, for something else.",
    413: "It is too large.",
    415: "It is not JSON.",
    422: "It is not of the form that is described here.",
    429: "Too many wrong tokens, streams, or different alarms.",
    503: "The store is away; nothing was done.",
}


def _answers(*statuses: int) -> Answers:
    return {status: {"model": Problem, "description": _WHY[status]} for status in statuses}


LOOKING: Final = _answers(401, 403, 422, 429, 503)
NAMED: Final = _answers(401, 403, 404, 422, 429, 503)
DOING: Final = _answers(401, 403, 408, 409, 413, 415, 422, 429, 503)
SENDING: Final = _answers(401, 403, 408, 413, 415, 422, 429, 503)
