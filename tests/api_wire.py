"""Small pieces of HTTP for the tests' API server: bodies, answers, selectors, watch events."""

from __future__ import annotations

import json
from collections.abc import Callable

from aiohttp import web

from api_schemas import Kind
from api_storage import Event
from api_writes import RefusedError
from migrator.inventory.yaml_text import Plain, read_yaml
from migrator.platform.kubernetes.objects import KubeObject, at, map_at, text_at, texts_at

Fits = Callable[[KubeObject], bool]


async def body_of(request: web.Request) -> KubeObject:
    """The object that a request carries; an apply may be YAML."""
    text = await request.text()
    if not text:
        return {}
    try:
        found: Plain = json.loads(text)
    except ValueError:
        found = read_yaml(text, "body").data
    if not isinstance(found, dict):
        raise RefusedError(400, "BadRequest", "an object is due")
    return found


def answer(
    code: int, body: KubeObject, headers: dict[str, str], content_type: str = "application/json"
) -> web.Response:
    """An answer as JSON."""
    return web.Response(
        status=code,
        body=json.dumps(body).encode(),
        headers={**headers, "Content-Type": content_type},
    )


def break_off(request: web.Request) -> web.Response:
    """Break the connection instead of answering."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def as_asked(request: web.Request, found: KubeObject) -> KubeObject:
    """The whole object, or its metadata where only they were asked for."""
    if "as=PartialObjectMetadata;" in request.headers.get("Accept", ""):
        return {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": map_at(found, "metadata"),
        }
    return found


def expired(message: str) -> RefusedError:
    """The server has forgotten that version."""
    return RefusedError(410, "Expired", message)


def place(found: KubeObject) -> str:
    """Where an object stands in a list."""
    return f"{text_at(found, 'metadata', 'namespace')}\0{text_at(found, 'metadata', 'name')}"


def selector(request: web.Request) -> Fits:
    """What the label and field selectors of a request let through."""
    labels = [part for part in request.query.get("labelSelector", "").split(",") if part]
    fields = [part for part in request.query.get("fieldSelector", "").split(",") if part]

    def fits(found: KubeObject) -> bool:
        has = texts_at(found, "metadata", "labels")
        return all(_label(part, has) for part in labels) and all(
            _field(part, found) for part in fields
        )

    return fits


def _field(part: str, found: KubeObject) -> bool:
    path, _, value = part.partition("=")
    same = str(at(found, *path.removesuffix("!").split("."))) == value.lstrip("=")
    return same is not path.endswith("!")


def _label(part: str, has: object) -> bool:
    labels = has if isinstance(has, dict) else {}
    if "!=" in part:
        key, _, value = part.partition("!=")
        return labels.get(key) != value
    if "=" in part:
        key, _, value = part.partition("=")
        return labels.get(key) == value.lstrip("=")
    return part.removeprefix("!") not in labels if part.startswith("!") else part in labels


def told(event: Event, kind: tuple[str, str], namespace: str, fits: Fits) -> KubeObject | None:
    """The event as one watch sees it; None where it is none of its business."""
    if event.key[:2] != kind or (namespace and event.key[2] != namespace):
        return None
    is_, was = fits(event.object), event.before is not None and fits(event.before)
    if event.word == "DELETED":
        return {"type": "DELETED", "object": event.object} if was else None
    if is_:
        return {"type": "MODIFIED" if was else "ADDED", "object": event.object}
    # It left the selection: for this watch it is gone.
    return {"type": "DELETED", "object": event.object} if was else None


def bookmark(kind: Kind, version: int) -> KubeObject:
    """How far a watch is."""
    r = kind.resource
    metadata: KubeObject = {"resourceVersion": str(version)}
    found: KubeObject = {"kind": r.kind, "apiVersion": r.api_version, "metadata": metadata}
    return {"type": "BOOKMARK", "object": found}
