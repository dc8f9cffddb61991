"""What the tests' API server answers to whoever asks what it may do, or who it is."""

from __future__ import annotations

from collections.abc import Collection

from migrator.platform.kubernetes.objects import KubeObject, map_at, text_at


def recognised(user: str) -> KubeObject:
    """Who the server takes somebody for."""
    return {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "SelfSubjectReview",
        "status": {"userInfo": {"username": user}},
    }


def reviewed(review: KubeObject, forbidden: Collection[tuple[str, str]]) -> KubeObject:
    """The review with its answer: everything but what is forbidden, told one right at a time.

    A review of all rules is answered as by an authorizer that cannot list what it allows.
    """
    asked = map_at(review, "spec", "resourceAttributes")
    words = [text_at(asked, key) for key in ("resource", "subresource")]
    group = text_at(asked, "group")
    right = "/".join(filter(None, words)) + (f".{group}" if group else "")
    allowed = (text_at(asked, "verb"), right) not in forbidden
    status: KubeObject = {"allowed": allowed, "incomplete": True, "resourceRules": []}
    return {**review, "status": status}
