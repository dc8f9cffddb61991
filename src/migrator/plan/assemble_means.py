"""The means of an act: the checked part of the file as the model's data, and as text again.

Called by `assemble.py` and by `text.py`; what the one reads is what the other wrote. The text is
JSON, which is YAML, too: a command's arguments then look like the list that they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from migrator.ids import PersonId
from migrator.inventory.duration import format_minutes
from migrator.plan.means import Call, Command, InDoubt, Manual, Means, Wait
from migrator.plan.schema_means import CallPart, CommandPart, MeansPart

# What YAML cannot hold as it is, or would take for the end of a line.
UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def means(part: MeansPart) -> Means | None:
    """Who performs the act; None for the platform. A person's task or a wait is never doubtful."""
    if part.means_given is None:
        return None
    observe = part.observe
    return Means(
        in_doubt=InDoubt(part.in_doubt) if part.in_doubt else InDoubt.REPEAT,
        command=_command(part.command),
        call=_call(part.http),
        manual=(
            Manual(part.manual.text, tuple(PersonId(who) for who in part.manual.persons))
            if part.manual
            else None
        ),
        wait=Wait(part.wait.until, part.wait.minutes or 0.0) if part.wait else None,
        observe=_command(observe.command) if observe else None,
        observe_call=_call(observe.http) if observe else None,
        proof=_command(part.proof),
        dry_run=_command(part.dry_run),
    )


def _command(part: CommandPart | None) -> Command | None:
    if part is None:
        return None
    return Command(
        argv=tuple(part.run),
        host=part.host or "",
        folder=part.folder or "",
        environment=dict(part.environment),
        secrets=dict(part.secrets),
        files=tuple(part.files),
        expects=tuple(part.expects),
        output_kib_max=part.output_kib_max,
    )


def _call(part: CallPart | None) -> Call | None:
    if part is None:
        return None
    return Call(
        method=part.method,
        url=part.url,
        headers=dict(part.headers),
        secrets=dict(part.secrets),
        body=part.body,
        expects=tuple(part.expects),
        poll_url=part.poll_url or "",
        poll_seconds=part.poll_every * 60,
        done_when=part.done_when or "",
        failed_when=part.failed_when or "",
    )


def means_lines(means: Means, moment: Callable[[datetime], str]) -> Iterator[str]:
    """The means as lines `key: value` of the plan file, without their indentation.

    `moment` writes a time as the rest of the file does, in quotes.
    """
    if means.command is not None or means.call is not None:
        yield f"in_doubt: {means.in_doubt.value}"
    if means.command is not None:
        yield f"command: {flow_text(_command_data(means.command))}"
    if means.call is not None:
        yield f"http: {flow_text(_call_data(means.call))}"
    if means.manual is not None:
        data: dict[str, object] = {"text": means.manual.text}
        if means.manual.persons:
            data["persons"] = list(means.manual.persons)
        yield f"manual: {flow_text(data)}"
    if means.wait is not None and means.wait.until is not None:
        yield f"wait: {{until: {moment(means.wait.until)}}}"
    elif means.wait is not None:
        yield f"wait: {flow_text({'for': format_minutes(means.wait.minutes)})}"
    if means.observe is not None:
        yield f"observe: {flow_text({'command': _command_data(means.observe)})}"
    if means.observe_call is not None:
        yield f"observe: {flow_text({'http': _call_data(means.observe_call)})}"
    if means.proof is not None:
        yield f"proof: {flow_text(_command_data(means.proof))}"
    if means.dry_run is not None:
        yield f"dry_run: {flow_text(_command_data(means.dry_run))}"


def flow_text(data: object) -> str:
    """Data on one line, as JSON and YAML both read it."""
    text = json.dumps(data, ensure_ascii=False)
    return UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _command_data(command: Command) -> dict[str, object]:
    data: dict[str, object] = {
        "run": list(command.argv),
        "host": command.host,
        "folder": command.folder,
        "environment": command.environment,
        "secrets": command.secrets,
        "files": list(command.files),
    }
    kept = {key: value for key, value in data.items() if value}
    if command.expects != (0,):
        kept["expects"] = list(command.expects)
    if command.output_kib_max != Command.__dataclass_fields__["output_kib_max"].default:
        kept["output_kib_max"] = command.output_kib_max
    return kept


def _call_data(call: Call) -> dict[str, object]:
    data: dict[str, object] = {
        "method": call.method,
        "url": call.url,
        "headers": call.headers,
        "secrets": call.secrets,
        "body": call.body,
        "expects": list(call.expects),
        "poll_url": call.poll_url,
        "poll_every": format_minutes(call.poll_seconds / 60),
        "done_when": call.done_when,
        "failed_when": call.failed_when,
    }
    return {key: value for key, value in data.items() if value}
