"""`migrator call FILE`: look a notices file over, and with --test try its channels out.

Nobody of the file's people is called: a test goes to the address that is given, or to that of the
file's own `test`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, StoreOption, see_run
from migrator.errors import InputError, MigratorError

if TYPE_CHECKING:
    from migrator.notices.policy import Policy


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The notices file.")],
    *,
    test: Annotated[
        bool, typer.Option("--test", help="Send one message by each channel, and tell the answers.")
    ] = False,
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="Where the e-mail of the test goes.")
    ] = "",
    of: Annotated[
        str, typer.Option("--of", metavar="RUN", help="Write down whom this run would have called.")
    ] = "",
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Check a notices file; with --test, send one message by each of its channels.

    \b
    Examples:
      migrator call notices.yaml
      migrator call notices.yaml --test --to ops@example.org
      migrator call notices.yaml --of latest

    Without --test nothing is sent. No person of the file is called in any case. With --of, what
    would have been sent in a run that was played, as in a rehearsal, is written into a folder,
    and counted by person.

    \b
    Exit code 0: the file is right, and every channel took the message. 1: one did not.
    """
    from migrator.notices.policy_file import policy_of, read_source

    policy = policy_of(read_source(file))
    results = _tried(policy, to) if test else []
    called, folder = _played(policy, of, store) if of else ({}, None)
    if form is Format.json:
        output.emit(
            {
                "mode": policy.mode,
                "people": len(policy.people),
                "would_call": called,
                "tested": [{"channel": name, "took": took, "said": s} for name, took, s in results],
            }
        )
    else:
        channels = [*(["mail"] if policy.mail else []), *policy.webhooks]
        output.show(
            f"mode {policy.mode.value}; channels: {', '.join(channels) or 'none'}; "
            f"{len(policy.people)} people; the pages are at {policy.pages}"
        )
        for name, took, said in results:
            output.show(f"{'took it' if took else 'FAILED '}  {name}: {said}")
        if folder is not None:
            rows = sorted(called.items(), key=lambda each: (-each[1], each[0]))
            output.show(output.table(["person", "messages"], rows) if rows else "nobody is called")
            output.show(f"written, and not sent: {folder}")
        elif not test:
            output.say("nothing was sent: --test tries the channels out")
    return 0 if all(took for _, took, _ in results) else 1


def _played(policy: Policy, run: str, store: str) -> tuple[dict[str, int], Path]:
    """Write what a run would have sent; how many messages go to whom, and where they are."""
    from collections import Counter

    from migrator.notices.folder import FolderChannel
    from migrator.notices.played import would_call
    from migrator.wiring.calling import letter_of

    seen = see_run(run, store)
    with seen.store:
        lines = tuple(seen.journal.lines())
        found = would_call(seen.name, seen.journal.itinerary(), lines, policy)
        folder = Path(seen.store.folder) / "calls" / f"{seen.name}-would-be"
        for message in found:
            letter = letter_of(message, policy, seen.name, seen.itinerary, practice=True)
            FolderChannel(folder, message.channel).send(letter)
    return dict(Counter(message.person for message in found)), folder


def _tried(policy: Policy, to: str) -> list[tuple[str, bool, str]]:
    """Send one letter by each channel: its name, whether it was taken, and what was said."""
    import os
    import secrets

    from migrator.notices.letter import Letter
    from migrator.notices.policy import MAIL
    from migrator.wiring.calling import opened

    if policy.mail is not None and not (to or policy.test_mail):
        raise InputError(
            "usage",
            "nobody says where the e-mail of the test goes",
            hint="give --to ADDRESS, or a test: {mail: ADDRESS} in the file",
        )
    found = []
    for name in [*([MAIL] if policy.mail else []), *policy.webhooks]:
        letter = Letter(
            id=secrets.token_hex(10),
            person="",
            to=to or policy.test_mail,
            subject="[TEST] migrator",
            text="TEST: migrator can be heard here. Nothing is wrong, and nobody need do anything.",
            language="en",
            facts={"test": True, "calls": []},
        )
        try:
            found.append((name, True, opened(policy, name, os.environ).send(letter)))
        except MigratorError as error:
            found.append((name, False, error.message))
    return found
