"""The namespaces that are moved into, and whether a front's place there is still free.

Called by `checkup.py`. What Pod Security would refuse is worked out here for the rules that people
break most; the server's own dry run judges pods, not what makes them, so it would say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.checked import Looked, failed, ok, warning
from migrator.platform.kubernetes.discovery import NAMESPACES, SERVICES
from migrator.platform.kubernetes.grants import namespaces_of
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    map_at,
    number_at,
    objects_at,
    text_at,
    texts_at,
)
from migrator.platform.kubernetes.pods_asked import PodsAsked, pods_asked
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import TOKEN
from migrator.platform.kubernetes.subject import Subject

ENFORCE: Final = "pod-security.kubernetes.io/enforce"


async def namespaces(client: Client, subjects: tuple[Subject, ...]) -> list[Looked]:
    """Namespaces that are missing, ending, or stricter than the pods that come."""
    places = namespaces_of(subjects)
    found = await abreast(places, lambda place: client.get(NAMESPACES, "", place))
    said: list[Looked] = []
    missing = []
    for place, live in zip(places, found, strict=True):
        if live is None:
            missing.append(place)
        elif at(live, "metadata", "deletionTimestamp") or text_at(live, "status", "phase") == (
            "Terminating"
        ):
            mend = "wait until it is gone and make it anew, or find out who deletes it"
            said.append(
                failed("namespaces", f"{place} is ending", mend, "cluster-namespace-ending")
            )
        else:
            said += _too_strict(place, live, subjects)
    if missing:
        mend = "apply what `migrator rights` prints, then check again: quotas, limits and policies "
        mend += "of a namespace that is not there cannot be seen"
        text = f"not there yet: {', '.join(missing)}"
        said.append(warning("namespaces", text, mend, "cluster-namespace-missing"))
    return said or [ok("namespaces", f"{len(places)}, all there")]


def _too_strict(place: str, live: KubeObject, subjects: tuple[Subject, ...]) -> Iterator[Looked]:
    level = texts_at(live, "metadata", "labels").get(ENFORCE, "privileged")
    if level not in {"baseline", "restricted"}:
        return
    for subject in subjects:
        if subject.namespace != place:
            continue
        for pods in pods_asked(subject):
            wrong = sorted(set(_broken_rules(pods, restricted=level == "restricted")))
            if wrong:
                yield failed(
                    "namespaces",
                    f"{place} enforces Pod Security {level}, which refuses {pods.name}: "
                    f"{', '.join(wrong)}",
                    "mend the pod's securityContext, or have the namespace's label changed",
                    "pod-security",
                )


def _broken_rules(pods: PodsAsked, *, restricted: bool) -> Iterator[str]:
    """What the standards refuse, in the fields' own names."""
    spec = pods.spec
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key) is True:
            yield key
    for volume in objects_at(spec, "volumes"):
        if "hostPath" in volume:
            yield "hostPath"
    containers = [*objects_at(spec, "initContainers"), *objects_at(spec, "containers")]
    for container in containers:
        context = map_at(container, "securityContext")
        if context.get("privileged") is True:
            yield "privileged"
        if any(number_at(port, "hostPort") for port in objects_at(container, "ports")):
            yield "hostPort"
        if restricted:
            yield from _restricted(map_at(spec, "securityContext"), context)


def _restricted(pod: KubeObject, context: KubeObject) -> Iterator[str]:
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    dropped = at(context, "capabilities", "drop")
    if not isinstance(dropped, list) or "ALL" not in dropped:
        yield "capabilities.drop has not ALL"
    if context.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot is not true"
    profile = map_at(context, "seccompProfile") or map_at(pod, "seccompProfile")
    if text_at(profile, "type") not in {"RuntimeDefault", "Localhost"}:
        yield "seccompProfile is not RuntimeDefault"


async def fronts(client: Client, subjects: tuple[Subject, ...]) -> list[Looked]:
    """Front Services that are there already and lead somewhere."""
    wanted = [fronting.front for subject in subjects for fronting in subject.fronts]

    async def look(number: int) -> Looked | None:
        front = wanted[number]
        live = await client.get(SERVICES, front.namespace, front.service)
        if live is None or not map_at(live, "spec", "selector"):
            return None
        if text_at(live, "metadata", "annotations", TOKEN):
            return None  # ours, from a move that is final
        return failed(
            "fronts",
            f"Service/{front.namespace}/{front.service} is there with a selector of its own",
            "find out whose it is: taking it over would move its traffic at that moment",
            "front-taken",
        )

    said = [found for found in await abreast(range(len(wanted)), look) if found is not None]
    text = f"{len(wanted)}, and the place of each is free or ours" if wanted else "there are none"
    return said or [ok("fronts", text)]
