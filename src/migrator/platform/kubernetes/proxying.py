"""Questions to a pod through the API server: whoever reaches the API reaches the pod.

Called by `looking.py`. One try and no patience: who asks a pod decides what its silence means. A
question must be one that may be asked twice, because its answer may be lost.
"""

from __future__ import annotations

from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.wire import Answer, Asked, Target


async def ask_pod(
    client: Client, place: tuple[str, str, int], path: str, body: KubeObject, *, seconds: float
) -> Answer:
    """POST to a pod (namespace, name, port) and give back any answer, also a refusal.

    Raises NoAnswerError. A 404 or 503 may be the API server's own word about the pod: `parsed()` of
    it is a Status then.
    """
    namespace, name, port = place
    asked = Asked(
        "POST",
        f"/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/{path}",
        Target("create", "pods/proxy", namespace, name),
        body=body,
        accept="*/*",
    )
    await client.asker.bucket.take()
    transport = client.asker.transport
    answer = await transport.exchange(asked, seconds)
    if answer.status == 401 and await transport.renew():
        answer = await transport.exchange(asked, seconds)
    return answer
