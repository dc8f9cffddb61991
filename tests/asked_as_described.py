"""Asks the API what its own description says that it can be asked, and a little more.

The cases are schemathesis's: of the described form, and near it. Every answer must be one that is
described, of the kind and form that is described, and never a defect of ours. The stream is left
out, because it never ends; its own tests ask it.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from programs import a_program
from run_with_pages import DECIDER, Pages

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
ONLY = {"/alerts": "alarm"}


@dataclass
class Asked:
    """How many questions of each kind were asked, and what the answers were."""

    cases: int = 0
    answers: Counter[int] = field(default_factory=Counter)


def ask(pages: Pages, of_each: int, number: int = 1) -> Asked:
    """Ask each route `of_each` questions of its form and as many that are not.

    Raises what schemathesis has to say of the first answer that is wrong.
    """
    asked = Asked()
    tokens = {only: a_program(pages, DECIDER, only).token for only in ("", "alarm")}
    described = pages.client.get("/api/v1/openapi.json").json()
    for kinds in described["paths"].values():
        for kind in kinds.values():
            # Every question is somebody's: what is tried here is all the rest.
            del kind["security"]
    schema = schemathesis.openapi.from_dict(described)
    schema.app = still(pages.client.app)
    for found in schema.exclude(path="/events").get_all_operations():
        operation = found.ok()  # type: ignore[union-attr] # ours is sound
        token = tokens[ONLY.get(operation.path, "")]
        headers = {"authorization": f"Bearer {token}"}
        checks = list(CHECKS)
        if operation.method.upper() == "GET" and "{" not in operation.path:
            checks.append(positive_data_acceptance)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @seed(number)
            @settings(
                max_examples=of_each,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(mode))
            def one(case: Case[Any]) -> None:
                answer = case.call_and_validate(headers=headers, checks=checks)  # noqa: B023 - at once
                asked.cases += 1
                asked.answers[answer.status_code] += 1

            # A question without any part has no form to be wrong in.
            with suppress(*([Unsatisfiable] if mode is GenerationMode.NEGATIVE else [])):
                one()
    return asked


def still(app: ASGIApp) -> ASGIApp:
    """The same application, whose tasks are not begun: nobody follows the run meanwhile."""

    async def without_tasks(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("there is none")
        await app(scope, receive, send)

    return without_tasks
