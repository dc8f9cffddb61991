"""The door of a plan's words about verification; a part of `schema.py`, used by it alone.

Pydantic checks the types here. What makes no sense together is `lint_policy.py`'s question.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from migrator.plan.schema_parts import Minutes, Part


class VerifyingPart(Part):
    """When a check is given anew, how long a verdict can be taken back, and who is there."""

    reopen: Literal["core", "passing"] | None = Field(
        None, description="Which moves make a verdict old: core parts, or also passing ones."
    )
    withdraw: Minutes | None = Field(None, description="How long a verdict can be taken back.")
    remind: Minutes | None = Field(
        None, description="How long before its limit an unanswered check is called to mind."
    )
    presence: Literal["assumed", "required"] | None = Field(
        None, description="Whether a handler must have said to be there before a check is given."
    )
    absent: Minutes | None = Field(
        None, description="When somebody on shift who is not there is named, after its start."
    )
    pictures: bool | None = Field(None, description="A verdict may come with a picture.")
