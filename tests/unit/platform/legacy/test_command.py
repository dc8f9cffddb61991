"""Acts by command with real programs: how they end, what is shown, and what is never shown."""

from __future__ import annotations

import asyncio
import base64
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.engine.ports import ActResult
from migrator.errors import InputError, MigratorError, PermanentError, TransientError
from migrator.plan.means import Command, InDoubt, Means
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import ActFacts

PASSWORD = "correct/horse battery"


def sh(script: str, **words: object) -> Command:
    """A command that a shell reads because the test says so; the product starts none."""
    return replace(Command(("/bin/sh", "-c", script)), **words)  # type: ignore[arg-type]


async def together(
    commands: Commands, act: ActFacts, wanted: dict[str, Command]
) -> dict[str, ActResult | MigratorError]:
    """Perform each as an act of its own, side by side; errors come back as they are."""

    async def one(name: str, command: Command) -> tuple[str, ActResult | MigratorError]:
        try:
            return name, await commands.perform(replace(act, act=name), command)
        except MigratorError as error:
            return name, error

    return dict(await asyncio.gather(*(one(*pair) for pair in wanted.items())))


async def test_an_exit_code_says_how_it_ended(commands: Commands, act: ActFacts) -> None:
    found = await together(
        commands,
        act,
        {
            "good": sh("echo copied 12 rows"),
            "expected": sh("exit 3", expects=(0, 3)),
            "wrong": sh("echo first; echo the disk is full >&2; exit 1"),
            "passing": sh("echo busy; exit 75"),
            "killed": sh("kill -KILL $$"),
        },
    )
    assert found["good"] == ActResult("done", "exit 0\ncopied 12 rows")
    assert found["expected"] == ActResult("done", "exit 3")
    wrong, passing, killed = found["wrong"], found["passing"], found["killed"]
    assert isinstance(wrong, PermanentError)
    assert (wrong.reference, wrong.message.splitlines()[-1]) == (
        "command-failed",
        "the disk is full",
    )
    assert isinstance(passing, TransientError)
    assert passing.reference == "command-passing-fault"
    assert isinstance(killed, PermanentError)
    assert "SIGKILL" in killed.message


async def test_what_cannot_be_started_says_why_and_was_not_begun(
    commands: Commands, act: ActFacts, files: Path
) -> None:
    (files / "plain").write_text("no program")
    (files / "orphan").write_text("#!/no/such/interpreter\n")
    (files / "orphan").chmod(0o700)
    found = await together(
        commands,
        act,
        {
            "missing": Command(("no-such-program",)),
            "plain": Command(("./plain",)),
            "orphan": Command(("./orphan",)),
            "folder": Command(("true",), folder="no/such/folder"),
        },
    )
    references = {
        name: error.reference for name, error in found.items() if isinstance(error, PermanentError)
    }
    assert references == {
        "missing": "command-not-found",
        "plain": "command-not-executable",
        "orphan": "command-not-executable",
        "folder": "command-folder-missing",
    }


async def test_it_runs_in_a_small_environment_in_its_folder_with_its_words_filled_in(
    commands: Commands, act: ActFacts, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOBODYS_BUSINESS", "1")
    (files / "sub").mkdir()
    script = "import os,sys;print(os.getcwd(),sys.argv[1:],*sorted(os.environ),os.environ['MODE'])"
    command = Command(
        (sys.executable, "-S", "-c", script, "{subsystem} {wave}", "$HOME; exit 1", "{{x}}"),
        folder="sub",
        environment={"MODE": "{side}", "MIGRATOR_TOKEN": "forged"},
    )
    result = await commands.perform(act, command)
    words = result.detail.split("\n")[1]
    assert words.startswith(
        f"{files / 'sub'} ['web w1', '$HOME; exit 1', '{{x}}'] ".replace("{{", "{").replace(
            "}}", "}"
        )
    )
    names = set(words.split("] ")[1].split()) - {"LANG", "LC_CTYPE", "new"}
    assert names == {"PATH", "HOME", "MODE", "MIGRATOR_GUARD", *act.environment()}


async def test_the_token_in_its_environment_is_the_acts_own(
    commands: Commands, act: ActFacts
) -> None:
    forged = sh("echo $MIGRATOR_TOKEN", environment={"MIGRATOR_TOKEN": "forged"})
    assert (await commands.perform(act, forged)).detail == "exit 0\ntok-1"


async def test_words_of_every_language_arrive_as_they_are(
    commands: Commands, act: ActFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "C")
    told = sh("echo $SIDE", environment={"SIDE": "åäö ∑"})
    assert (await commands.perform(act, told)).detail == "exit 0\nåäö ∑"


async def test_much_output_and_binary_output_are_cut_and_said(
    commands: Commands, act: ActFacts
) -> None:
    kept: dict[str, str] = {}
    keeping = replace(commands, keep_output=lambda about, text: kept.update({about.act: text}))
    found = await together(
        keeping,
        act,
        {
            "much": sh("echo begin; head -c 50000000 /dev/zero; echo end", output_kib_max=4),
            "binary": Command(("head", "-c", "5000", "/dev/urandom")),
        },
    )
    assert isinstance(found["much"], ActResult)
    assert isinstance(found["binary"], ActResult)
    first, *_, cut, _, last = kept["much"].strip().replace("shown]end", "shown]\nend").splitlines()
    assert (first, cut, last) == ("begin", "... 49 MB left out ...", "end")
    assert not set(kept["binary"]) & {chr(code) for code in range(32)} - {"\n", "\t"}


async def test_progress_is_told_while_it_runs(commands: Commands, act: ActFacts) -> None:
    heard: list[tuple[str, int, str]] = []
    telling = replace(
        commands, progress=lambda about, share, text: heard.append((about.act, share, text))
    )
    await telling.perform(act, sh("echo migrator: progress 40 % half of it; echo done"))
    assert heard == [("copy", 40, "half of it")]


async def test_a_secret_reaches_the_program_and_nothing_that_is_shown(
    commands: Commands, act: ActFacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", PASSWORD)
    shown: list[str] = []
    telling = replace(
        commands,
        progress=lambda _about, _share, text: shown.append(text),
        keep_output=lambda _about, text: shown.append(text),
    )
    script = (
        "import base64,os,sys,urllib.parse as u;s=os.environ['PW'];print('length',len(s),flush=1);"
        "print('migrator: progress 1 %',s,flush=1);print(s,u.quote(s),repr(s));"
        "print(base64.b64encode(('user:'+s).encode()).decode(),flush=1);"
        "os.execvp('sh',['sh','-c','cat /proc/$PPID/cmdline; echo wrong: $PW; exit 1'])"
    )
    command = Command((sys.executable, "-c", script), secrets={"PW": "env:DB_PASSWORD"})
    with pytest.raises(PermanentError) as caught:
        await telling.perform(act, command)
    everything = "\n".join([*shown, caught.value.message, caught.value.hint, repr(caught.value)])
    records = "".join(path.read_text() for path in (tmp_path / "guards").glob("*.json"))
    assert f"length {len(PASSWORD)}" in everything
    assert "wrong: [secret]" in everything
    for shape in (PASSWORD, "horse", base64.b64encode(PASSWORD.encode()).decode()[:12]):
        assert shape not in everything + records


async def test_no_error_repeats_a_secret_that_also_stands_elsewhere(
    commands: Commands, act: ActFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "correct-horse")
    command = Command(("./correct-horse",), secrets={"PW": "env:DB_PASSWORD"})
    with pytest.raises(PermanentError) as caught:
        await commands.perform(act, command)
    assert "horse" not in f"{caught.value} {caught.value.message} {caught.value.hint}"


async def test_what_is_missing_or_unknown_is_told_before_anything_is_begun(
    commands: Commands, act: ActFacts, tmp_path: Path
) -> None:
    with pytest.raises(PermanentError, match="env:NO_SUCH_SECRET"):
        await commands.perform(act, sh("true", secrets={"PW": "env:NO_SUCH_SECRET"}))
    with pytest.raises(InputError, match="tokn"):
        await commands.perform(act, sh("echo {tokn}"))
    with pytest.raises(InputError):
        await commands.perform(act, Command(()))
    with pytest.raises(InputError):
        await commands.perform(act, sh("true", environment={"A": "\0"}))
    assert not (tmp_path / "guards").exists()


@pytest.mark.parametrize(
    ("script", "outcome"),
    [("exit 0", "done"), ("exit 3", "not_done"), ("exit 1", "unknown"), ("kill $$", "unknown")],
)
async def test_an_observation_is_believed_only_in_two_words(
    commands: Commands, act: ActFacts, script: str, outcome: str
) -> None:
    means = Means(InDoubt.OBSERVE, command=sh("true"), observe=sh(script, expects=(0, 1, 3)))
    assert (await commands.observe(act, means)).outcome == outcome


async def test_an_observation_that_cannot_be_made_is_unknown(
    commands: Commands, act: ActFacts
) -> None:
    broken = Means(InDoubt.OBSERVE, command=sh("true"), observe=Command(("no-such-program",)))
    assert (await commands.observe(act, broken)).outcome == "unknown"
    good = Means(InDoubt.OBSERVE, command=sh("true"), observe=sh("exit 3"))
    elsewhere = await commands.observe(replace(act, began_on="another-machine"), good)
    assert (elsewhere.outcome, "another-machine" in elsewhere.detail) == ("unknown", True)
