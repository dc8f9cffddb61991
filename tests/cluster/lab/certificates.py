"""The lab's certificates, and the files by which its clients find and convince its API server.

Made anew for every lab by the openssl that the lab unpacked, and valid for a month: no lab lives
that long. The keys lie in the lab's folder, which only its maker may open.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cluster.lab.machine import run

DAYS: Final = "30"


def make(
    folder: Path, openssl: Path, env: Mapping[str, str], *, api: str, node: str, first_service: str
) -> None:
    """Write an authority, three certificates signed by it and the key of the service accounts."""
    folder.mkdir()
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    def ask(*words: str) -> None:
        run([openssl, *words], cwd=folder, env=env)

    ask(
        "req",
        "-x509",
        *curve,
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-days",
        DAYS,
        "-subj",
        "/CN=migrator-lab",
    )
    names = f"IP:{api},IP:{first_service},DNS:kubernetes.default.svc"
    for name, subject, extension in (
        ("apiserver", "/CN=kube-apiserver", f"subjectAltName={names}"),
        ("admin", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth"),
        (
            "kubelet",
            f"/O=system:nodes/CN=system:node:{node}",
            f"subjectAltName=IP:{api},DNS:{node}",
        ),
    ):
        ask("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        (folder / f"{name}.ext").write_text(f"{extension}\n", encoding="utf-8")
        signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", DAYS]
        ask(
            "x509",
            "-req",
            "-in",
            f"{name}.csr",
            "-out",
            f"{name}.crt",
            "-extfile",
            f"{name}.ext",
            *signed,
        )
    ask("genrsa", "-out", "accounts.key", "2048")
    ask("rsa", "-in", "accounts.key", "-pubout", "-out", "accounts.pub")


def kubeconfig(folder: Path, user: str, server: str, context: str) -> str:
    """A kubeconfig for one of the certificates, complete in itself."""

    def inline(name: str) -> str:
        return base64.b64encode((folder / name).read_bytes()).decode()

    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [
                {
                    "name": context,
                    "cluster": {"server": server, "certificate-authority-data": inline("ca.crt")},
                }
            ],
            "users": [
                {
                    "name": user,
                    "user": {
                        "client-certificate-data": inline(f"{user}.crt"),
                        "client-key-data": inline(f"{user}.key"),
                    },
                }
            ],
            "contexts": [{"name": context, "context": {"cluster": context, "user": user}}],
        },
        indent=1,
    )
