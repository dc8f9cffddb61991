"""The fence in the cluster: a run's epoch and its frozen namespaces, where the policies read them.

Used by wiring: a process that takes a run over raises the epoch and goes on only once the server
itself refuses a write of the epoch before. The policies are an administrator's
(`admission_policies.py`, `migrator rights`); here only their parameter is written, one ConfigMap
for each run, under its version, and its epoch is never lowered.

What the fence covers, and what not: creates and updates of migrator's accounts, in the namespaces
of the run, by their own annotation; deletes, and objects put back as they were, by the annotation
that they take away, which is why `in_epoch.py` marks first. Requests that carry no object (a pod's
proxy) are not fenced. A canary asks one API server; where there are several, the others follow
within their own delay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from migrator.errors import EnvironmentFailed, PermanentError
from migrator.platform.kubernetes.admission_policies import CANARY, EPOCHS, PARAMETER, POLICIES
from migrator.platform.kubernetes.discovery import CONFIG_MAPS
from migrator.platform.kubernetes.errors import Outdated
from migrator.platform.kubernetes.objects import (
    Change,
    ChangeWord,
    KubeObject,
    ObjectName,
    name_of,
    text_at,
    texts_at,
    uid_of,
    version_of,
)
from migrator.platform.kubernetes.policy_shape import (
    ACCOUNTS_NOTE,
    BINDING_RESOURCE,
    PARAMETER_LABEL,
    PARAMETER_VALUE,
    POLICY_RESOURCE,
    SYSTEM_NAMESPACE,
)
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.server import whoami
from migrator.platform.kubernetes.slices import EPOCH, TOKEN, Mark

LOOK_SECONDS: Final = 0.05
SETTLE_SECONDS_MAX: Final = 15.0
REFUSALS_MIN: Final = 3
"""In a row: behind a load balancer one refusal may come from the only server that knows."""
TRIES_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Installed:
    """What of the fence stands in the cluster. `faults` is empty where it holds for us."""

    account: str
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Tell whether a later epoch would keep this account out."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Parameter:
    """A run's parameter as it is in the cluster."""

    run: str
    epoch: int
    namespaces: tuple[str, ...]
    frozen: tuple[str, ...]
    operators: tuple[str, ...]
    over: bool
    version: str = ""
    uid: str = ""


class EpochFence:
    """One run's fence. `namespaces` are those that it moves into.

    `word` is what no other run has, of the same name or not: another store's run of that name
    counts its epochs from one again, and must not meet the epoch of this one.
    """

    def __init__(
        self,
        client: Client,
        run: str,
        namespaces: Iterable[str] = (),
        *,
        word: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        settle_seconds_max: float = SETTLE_SECONDS_MAX,
    ) -> None:
        """Nothing is asked yet. `sleep` is for tests that do not wait."""
        self._client = client
        self._run = run
        # A run's name may have what the name of an object may not.
        self._named = "-".join(filter(None, (run.replace("_", "-").rstrip("-."), word)))
        self._word = word
        self._namespaces = tuple(sorted(set(namespaces)))
        self._sleep = sleep
        self._settle_seconds_max = settle_seconds_max

    @property
    def parameter_name(self) -> str:
        """The ConfigMap of this run."""
        return f"{PARAMETER}{self._named}"

    async def installed(self) -> Installed:
        """Say what of the fence is there, for the account that we are; it never raises for that."""
        account = await whoami(self._client.asker)
        faults: list[str] = []
        for name in POLICIES:
            faults += await self._faults_of(name, account)
        return Installed(account, tuple(faults))

    async def read(self) -> Parameter | None:
        """The run's parameter; None where no process of it has ever raised an epoch."""
        found = await self._client.get(CONFIG_MAPS, SYSTEM_NAMESPACE, self.parameter_name)
        return None if found is None else parameter_of(found)

    async def raise_to(self, epoch: int) -> Change:
        """Keep every earlier epoch out; returns once the server refuses one.

        Raises PermanentError where a later epoch leads (`epoch-passed`) or another run holds one
        of the namespaces (`fence-held`), and EnvironmentFailed where nothing is refused
        (`fence-open`): then the policies are not there, or do not know this account.
        """
        await self._refuse_held()
        change = await self._write(epoch, lambda now: (now.frozen, now.operators, False))
        canary = self._canary({}, Mark(self._token(epoch), epoch - 1))
        await self._until_refused(lambda: canary, f"a write of epoch {epoch - 1}")
        return change

    async def freeze(
        self, epoch: int, namespaces: Iterable[str], operators: Iterable[str] = ()
    ) -> Change:
        """Keep other people's writes out of these namespaces; returns once the server does.

        `operators` are user names that may write all the same (a person with a break-glass
        account, an operator's service account). The cluster's own controllers always may.
        """
        frozen, named = _words(namespaces), _words(operators)
        change = await self._write(epoch, lambda now: (frozen, named, now.over))
        await self._until_seen(epoch)
        return change

    async def thaw(self, epoch: int) -> Change:
        """Let everybody write again."""
        change = await self._write(epoch, lambda now: ((), (), now.over))
        await self._until_seen(epoch)
        return change

    async def release(self, epoch: int) -> Change:
        """End the fence of a run that is over: its namespaces are free for another run.

        The parameter stays, with its epoch, so that a process that wakes up late is still older.
        """
        return await self._write(epoch, lambda _: ((), (), True))

    # --- parts ------------------------------------------------------------------------------

    async def _faults_of(self, name: str, account: str) -> list[str]:
        try:
            policy = await self._client.get(POLICY_RESOURCE, "", name)
            binding = await self._client.get(BINDING_RESOURCE, "", name)
        except PermanentError as error:
            return [f"{name}: nobody knows, {error.message}"]
        if policy is None:
            return [f"the policy {name} is not there"]
        if binding is None:
            return [f"the policy {name} is not in force: its binding is not there"]
        if text_at(policy, "spec", "failurePolicy") not in {"", "Fail"}:
            return [f"the policy {name} lets everything pass where it cannot be judged"]
        accounts = texts_at(policy, "metadata", "annotations").get(ACCOUNTS_NOTE, "").split()
        if name == EPOCHS and account not in accounts:
            return [f"the policy {name} does not fence {account}: it knows {', '.join(accounts)}"]
        return []

    async def _refuse_held(self) -> None:
        listed = await self._client.list_all(
            CONFIG_MAPS, SYSTEM_NAMESPACE, labels=f"{PARAMETER_LABEL}={PARAMETER_VALUE}"
        )
        for found in listed.items:
            other = parameter_of(found)
            shared = sorted(set(other.namespaces) & set(self._namespaces))
            if name_of(found).name != self.parameter_name and not other.over and shared:
                raise PermanentError(
                    "fence-held",
                    f"run {other.run} holds {', '.join(shared)}, which run {self._run} moves into "
                    f"({name_of(found)})",
                    hint="end or abort that run; where it is long over, release it by hand",
                )

    async def _write(
        self,
        epoch: int,
        change: Callable[[Parameter], tuple[tuple[str, ...], tuple[str, ...], bool]],
    ) -> Change:
        """Write the parameter over exactly what was read; a later epoch there ends it."""
        for _ in range(TRIES_MAX):
            before = await self.read()
            if before is not None and before.epoch > epoch:
                raise PermanentError(
                    "epoch-passed",
                    f"run {self._run} is in epoch {before.epoch} on the cluster; "
                    f"this process is of epoch {epoch}",
                    hint="another process leads the run; `migrator status` names it",
                )
            now = before or Parameter(self._run, epoch, (), (), (), over=False)
            frozen, operators, over = change(now)
            namespaces = self._namespaces or now.namespaces
            wanted = Parameter(
                self._run, epoch, namespaces, frozen, operators, over, now.version, now.uid
            )
            if before == wanted:
                name = ObjectName("ConfigMap", SYSTEM_NAMESPACE, self.parameter_name)
                return Change(name, ChangeWord.UNCHANGED)
            found = self._object(wanted)
            try:
                if before is None:
                    return (await self._client.create(found)).change
                return (await self._client.replace(found)).change
            except Outdated:
                continue
            except PermanentError as error:
                if error.reference != "cluster-exists":
                    raise
        raise EnvironmentFailed(
            "fence-open",
            f"somebody else writes {SYSTEM_NAMESPACE}/{self.parameter_name} all the time",
            hint="find out which other process of this run is alive",
        )

    def _object(self, wanted: Parameter) -> KubeObject:
        meta: KubeObject = {
            "name": self.parameter_name,
            "namespace": SYSTEM_NAMESPACE,
            "labels": {
                PARAMETER_LABEL: PARAMETER_VALUE,
                "app.kubernetes.io/managed-by": "migrator",
            },
            "annotations": {TOKEN: self._token(wanted.epoch), EPOCH: str(wanted.epoch)},
        }
        if wanted.version:
            meta |= {"resourceVersion": wanted.version, "uid": wanted.uid}
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": meta,
            "data": {
                "run": self._run,
                "epoch": str(wanted.epoch),
                "namespaces": " ".join(wanted.namespaces),
                "frozen": " ".join(wanted.frozen),
                "operators": " ".join(wanted.operators),
                "over": "true" if wanted.over else "false",
                "canary": f"{CANARY}{self._named}",
            },
        }

    def _token(self, epoch: int) -> str:
        return ".".join(filter(None, (self._word, f"epoch-{epoch}")))

    def _canary(self, data: dict[str, str], mark: Mark) -> KubeObject:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"{CANARY}{self._named}",
                "namespace": SYSTEM_NAMESPACE,
                "annotations": {TOKEN: mark.token, EPOCH: str(mark.epoch)},
            },
            "data": {**data},
        }

    async def _until_seen(self, epoch: int) -> None:
        """Wait until the server judges by what is written now."""
        now = await self.read()
        assert now is not None, "it has just been written"
        canary = self._canary({"version": now.version}, Mark(self._token(epoch), epoch))
        await self._until_refused(lambda: canary, "a canary that asks for what was just written")

    async def _until_refused(self, canary: Callable[[], KubeObject], what: str) -> None:
        """Ask for dry runs until they are refused several times in a row."""
        waited, refusals = 0.0, 0
        while True:
            refusals = refusals + 1 if await self._is_refused(canary()) else 0
            if refusals >= REFUSALS_MIN:
                return
            if refusals:
                continue
            if waited >= self._settle_seconds_max:
                raise EnvironmentFailed(
                    "fence-open",
                    f"{what} is still let in after {self._settle_seconds_max:.0f} s",
                    hint="`migrator check --cluster` says what of the fence is missing; where all "
                    "is there, the API server reads no parameters any more and must be restarted",
                )
            await self._sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS

    async def _is_refused(self, canary: KubeObject) -> bool:
        try:
            await self._client.create(canary, dry_run=True)
        except PermanentError as error:
            # Any other refusal (a missing right) says nothing of the fence.
            if error.reference == "cluster-admission" and EPOCHS in error.message:
                return True
            raise
        return False


def parameter_of(found: KubeObject) -> Parameter:
    """Read a parameter back; what an administrator has bent by hand counts as nothing."""
    data = texts_at(found, "data")
    epoch = data.get("epoch", "")
    return Parameter(
        run=data.get("run", ""),
        epoch=int(epoch) if epoch.isdecimal() else 0,
        namespaces=_words(data.get("namespaces", "").split()),
        frozen=_words(data.get("frozen", "").split()),
        operators=_words(data.get("operators", "").split()),
        over=data.get("over") == "true",
        version=version_of(found),
        uid=uid_of(found),
    )


def _words(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({word for word in words if word}))
