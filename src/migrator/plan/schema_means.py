"""The door for an act's means: a command, an http call, a person's task or a wait, in a plan file.

Used by `schema.py` for the steps and undos of recipes. Types and what belongs together are checked
here; whether a program or a secret exists is asked when a run begins, because a plan is reviewed
on other machines than the one that runs it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from migrator.plan.means import PLACEHOLDERS, unknown_placeholders
from migrator.plan.schema_parts import Count, Id, Minutes, Moment, Part, Text


def _beside(path: str) -> str:
    """A pinned file stands beside the plan or below, so that the plan can be moved with it."""
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path!r} is not beside the plan: write a path below the plan's folder")
    return path


Reference: TypeAlias = Annotated[str, Field(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")]
Variable: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
HeaderName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
Address: TypeAlias = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
HeaderText: TypeAlias = Annotated[str, Field(pattern=r"^[^\r\n]*$")]
PinnedFile: TypeAlias = Annotated[Text, AfterValidator(_beside)]
Condition: TypeAlias = Annotated[str, Field(pattern=r"^[^=\s]+=.*$")]


def _filled(texts: list[str]) -> None:
    """Every brace must hold a word that can be filled in."""
    for text in texts:
        for word in unknown_placeholders(text):
            known = ", ".join("{" + each + "}" for each in PLACEHOLDERS)
            raise ValueError(
                f"'{{{word}}}' cannot be filled in; known are {known}, and {{{{{word}}}}} "
                "for braces as such"
            )


class CommandPart(Part):
    """A program to run; arguments as a list, because no shell reads them."""

    run: list[str] = Field(min_length=1, description="The program and its arguments.")
    host: Annotated[str, Field(pattern=r"^[^-\s][^\s]*$")] | None = Field(
        None, description="An ssh destination; left out: the conductor's own machine."
    )
    folder: Text | None = None
    environment: dict[Variable, str] = {}
    secrets: dict[Variable, Reference] = Field(
        {}, description="Variable: env:NAME or file:PATH; read when the act runs, never stored."
    )
    files: list[PinnedFile] = Field(
        [], description="Beside the plan; pinned by digest when a run begins, found in {files}."
    )
    expects: list[Count] = [0]
    output_kib_max: Annotated[int, Field(ge=1, le=16384)] = 256

    @model_validator(mode="after")
    def _placeholders(self) -> Self:
        _filled([*self.run, *self.environment.values(), self.folder or "", self.host or ""])
        if not self.run[0]:
            raise ValueError("the first of 'run' is the program, and it is empty")
        return self


class CallPart(Part):
    """An HTTP request, and how to see that what it began has ended."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: Address
    headers: dict[HeaderName, HeaderText] = {}
    secrets: dict[HeaderName, Reference] = {}
    body: str = ""
    expects: list[Annotated[int, Field(ge=100, le=599)]] = [200, 201, 202, 204]
    poll_url: Address | None = None
    poll_every: Minutes = 5 / 60
    done_when: Condition | None = None
    failed_when: Condition | None = None

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        _filled([self.url, self.body, self.poll_url or "", *self.headers.values()])
        if self.poll_url is not None and self.done_when is None:
            raise ValueError("'poll_url' needs 'done_when', or it would be asked for ever")
        return self


class ManualPart(Part):
    """A person's task, with its text by language."""

    text: Annotated[dict[Annotated[str, Field(pattern="^[a-z]{2}$")], Text], Field(min_length=1)]
    persons: list[Id] = []


class WaitPart(Part):
    """A point in time, or a length."""

    until: Moment | None = None
    minutes: Minutes | None = Field(None, alias="for")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.until is None) == (self.minutes is None):
            raise ValueError("a wait has either 'until' or 'for'")
        return self


class ObservePart(Part):
    """What tells whether a doubtful act took effect."""

    command: CommandPart | None = None
    http: CallPart | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.command is None) == (self.http is None):
            raise ValueError("'observe' has either 'command' or 'http'")
        if self.http is not None and self.http.done_when is None:
            raise ValueError("an observing 'http' needs 'done_when' to tell done from not done")
        return self


class MeansPart(Part):
    """Who performs an act, its limit, and what is done when nobody heard its end."""

    limit: Minutes | None = Field(None, description="How long this act may take at most.")
    in_doubt: Literal["repeat", "observe", "ask"] | None = Field(
        None, description="What is done about it after a crash; a command or http must say."
    )
    command: CommandPart | None = None
    http: CallPart | None = None
    manual: ManualPart | None = None
    wait: WaitPart | None = None
    observe: ObservePart | None = None
    proof: CommandPart | None = None
    dry_run: CommandPart | None = Field(
        None,
        description="Changes nothing, and exits as it expects when the command would work: an "
        "amended file is tried out with it. It has MIGRATOR_DRY_RUN=1 in its environment.",
    )

    @property
    def means_given(self) -> str | None:
        """The one of command, http, manual and wait that is written; None for the platform."""
        words = ("command", "http", "manual", "wait")
        return next((word for word in words if getattr(self, word) is not None), None)

    @model_validator(mode="after")
    def _one_means(self) -> Self:
        words = ("command", "http", "manual", "wait")
        given = [word for word in words if getattr(self, word) is not None]
        if len(given) > 1:
            raise ValueError(f"an act has one means; here are {' and '.join(given)}")
        if given and given[0] in {"command", "http"} and self.in_doubt is None:
            raise ValueError(
                f"a {given[0]} must say what is done when nobody heard its end: "
                "in_doubt: repeat, observe or ask"
            )
        if self.in_doubt is not None and not set(given) & {"command", "http"}:
            raise ValueError("'in_doubt' is for a command or an http; all others are known")
        if (self.in_doubt == "observe") != (self.observe is not None):
            raise ValueError("'in_doubt: observe' and 'observe' belong together")
        if self.proof is not None and not given:
            raise ValueError("'proof' is for an act that says who performs it")
        if self.dry_run is not None and self.command is None:
            raise ValueError("'dry_run' is for a command: nothing else can be tried out by one")
        return self
