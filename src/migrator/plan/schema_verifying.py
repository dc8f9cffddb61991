"""The door of a plan's words about verification and disturbances; a part of `schema.py` alone.

Pydantic checks the types here. What makes no sense together is `lint_policy.py`'s question.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from migrator.plan.schema_parts import Minutes, Part, Share


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


class DisturbancesPart(Part):
    """How long a disturbance may stay yellow, and when that is called to mind."""

    red_after: Minutes | None = Field(
        None, description="At most; less where turning back is too late before that."
    )
    warn_share: Share | None = Field(
        None, description="The share of its time after which it warns for the first time."
    )
    warn_before: Minutes | None = Field(
        None, description="How long before it is red it warns for the last time."
    )
