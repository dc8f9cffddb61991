"""Workloads for the tests of this folder: small servers that say who they are."""

from __future__ import annotations

from typing import Final

SERVER: Final = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(sys.argv[2].encode())
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Answer).serve_forever()
"""
"""Answers every request with one word. Its arguments are the port and the word."""

FETCH: Final = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())
"""
"""Prints what an address answers."""

PORT: Final = 8080


def a_deployment(
    name: str, image: str, *, replicas: int = 1, fake: bool = False
) -> dict[str, object]:
    """A Deployment whose pods answer with its name; on simulated nodes they only seem to run."""
    probe = {"httpGet": {"path": "/", "port": PORT}, "periodSeconds": 1}
    container = {
        "name": "server",
        "image": image,
        "command": ["python3", "-c", SERVER, str(PORT), name],
        "readinessProbe": probe,
    }
    pod: dict[str, object] = {"containers": [container], "terminationGracePeriodSeconds": 1}
    if fake:
        pod["nodeSelector"] = {"type": "kwok"}
        pod["tolerations"] = [{"key": "type", "operator": "Equal", "value": "kwok"}]
    return _deployment(name, replicas, pod)


def a_database(name: str, image: str) -> dict[str, object]:
    """A Deployment with one PostgreSQL, whose data end with its pod."""
    container = {
        "name": "server",
        "image": image,
        "args": ["-c", "wal_level=logical"],
        "readinessProbe": {
            "exec": {"command": ["pg_isready", "--host=127.0.0.1"]},
            "periodSeconds": 1,
        },
    }
    return _deployment(name, 1, {"containers": [container]})


def a_service(name: str, *, port: int = 80, target: int = PORT) -> dict[str, object]:
    """A Service in front of the Deployment of the same name."""
    ports = [{"port": port, "targetPort": target}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports},
    }


def _deployment(name: str, replicas: int, pod: dict[str, object]) -> dict[str, object]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    }
