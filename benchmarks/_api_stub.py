"""An API server that costs next to nothing: every apply is answered with one stored object.

A process of its own beside kubernetes_client.py, so that what is measured is the client. It
knows one kind, parses nothing of a body but its length, and keeps nothing. Prints its port and
serves until it is killed.
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

NAMES: Final = {"name": "web", "namespace": "shop"}
DEPLOYMENT: Final = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        **NAMES,
        "uid": "11111111-2222-3333-4444-555555555555",
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": "2026-11-22T20:00:00Z",
        "managedFields": [
            {
                "manager": "migrator",
                "operation": "Apply",
                "apiVersion": "apps/v1",
                "time": "2026-11-22T20:00:00Z",
                "fieldsType": "FieldsV1",
                "fieldsV1": {
                    "f:spec": {
                        "f:replicas": {},
                        "f:selector": {},
                        "f:template": {
                            "f:metadata": {"f:labels": {"f:app": {}}},
                            "f:spec": {
                                "f:containers": {
                                    'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}}
                                }
                            },
                        },
                    }
                },
            }
        ],
    },
    "spec": {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
        },
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "registry.invalid/web:1",
                        "imagePullPolicy": "IfNotPresent",
                        "resources": {},
                        "terminationMessagePath": "/dev/termination-log",
                        "terminationMessagePolicy": "File",
                    }
                ],
                "dnsPolicy": "ClusterFirst",
                "restartPolicy": "Always",
                "schedulerName": "default-scheduler",
                "securityContext": {},
                "terminationGracePeriodSeconds": 30,
            },
        },
    },
    "status": {},
}
GROUPS: Final = {
    "kind": "APIGroupDiscoveryList",
    "apiVersion": "apidiscovery.k8s.io/v2",
    "items": [
        {
            "metadata": {"name": "apps"},
            "versions": [
                {
                    "version": "v1",
                    "resources": [
                        {
                            "resource": "deployments",
                            "responseKind": {
                                "group": "apps",
                                "version": "v1",
                                "kind": "Deployment",
                            },
                            "scope": "Namespaced",
                            "verbs": ["patch"],
                        }
                    ],
                }
            ],
        }
    ],
}


def _answer(status: str, found: object) -> bytes:
    body = json.dumps(found, separators=(",", ":")).encode()
    lines = [
        f"HTTP/1.1 {status}",
        "Audit-Id: 00000000-0000-0000-0000-000000000000",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


CREATED: Final = _answer("201 Created", DEPLOYMENT)
DISCOVERED: Final = _answer("200 OK", GROUPS)


class Serving(asyncio.Protocol):
    """One connection, with as many requests as the client likes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._waiting += data
        while b"\r\n\r\n" in self._waiting:
            head, _, rest = self._waiting.partition(b"\r\n\r\n")
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            if len(rest) < length:
                return
            self._waiting = rest[length:]
            self._transport.write(CREATED if head.startswith(b"PATCH") else DISCOVERED)


async def main() -> None:
    """Listen on a free port of loopback."""
    server = await asyncio.get_running_loop().create_server(Serving, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
