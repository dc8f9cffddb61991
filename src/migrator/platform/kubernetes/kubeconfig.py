"""Which cluster, as whom: the kubeconfig files, or the account of the pod that we run in.

Called once when a platform is made. It follows kubectl's rules (a named file, `KUBECONFIG`, the
file in the home folder, and inside a pod its service account) and refuses early, with the contexts
that there are. It writes nothing back and never shows a token or a key.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.inventory.yaml_text import Plain, decode, read_yaml
from migrator.platform.kubernetes.objects import KubeObject, at, map_at, objects_at, text_at

POD_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where every pod finds the account that it runs as."""

_FILES_OF_CLUSTER: Final = ("certificate-authority",)
_FILES_OF_USER: Final = ("client-certificate", "client-key", "tokenFile")
_HINT: Final = "name the file with --kubeconfig or KUBECONFIG; `kubectl config view` shows yours"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One context, resolved: paths are absolute, and nothing more has to be looked up."""

    context: str
    server: str
    namespace: str  # empty: the context names none
    cluster: KubeObject
    user: KubeObject

    def as_config(self) -> KubeObject:
        """A kubeconfig of this context alone, as the official client reads it."""
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "chosen",
            "clusters": [{"name": "chosen", "cluster": self.cluster}],
            "users": [{"name": "chosen", "user": self.user}],
            "contexts": [{"name": "chosen", "context": {"cluster": "chosen", "user": "chosen"}}],
        }


def choose(
    context: str = "", *, file: Path | None = None, environ: Mapping[str, str] | None = None
) -> Chosen:
    """The context of that name, or the current one. Raises InputError."""
    environ = os.environ if environ is None else environ
    files = _files(file, environ)
    if files:
        return _of_files(files, context)
    account = Path(environ.get("MIGRATOR_POD_ACCOUNT", POD_ACCOUNT))
    if environ.get("KUBERNETES_SERVICE_HOST") and not context:
        return _of_pod(account, environ)
    looked = str(file) if file else environ.get("KUBECONFIG") or _home_file(environ)
    raise InputError("kubeconfig-missing", f"there is no kubeconfig at {looked}", hint=_HINT)


def _home_file(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME", "/")) / ".kube" / "config"


def _files(file: Path | None, environ: Mapping[str, str]) -> list[Path]:
    """The files that exist, in the order in which the first word counts."""
    if file is not None:
        named = [file]
    elif environ.get("KUBECONFIG"):
        named = [Path(p).expanduser() for p in environ["KUBECONFIG"].split(os.pathsep) if p]
    else:
        named = [_home_file(environ)]
    return [path for path in named if path.is_file()]


def _of_files(files: list[Path], context: str) -> Chosen:
    read = [(path, _read(path)) for path in files]
    wanted = context or next((w for _, c in read if (w := text_at(c, "current-context"))), "")
    contexts = _named(read, "contexts")
    if wanted not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        named = f"context {wanted!r} is not in" if wanted else "no context is current in"
        raise InputError(
            "kubeconfig-context",
            f"{named} {_shown(files)}; there are: {known}",
            hint="name one of them with --context",
        )
    place, entry = contexts[wanted]
    chosen = map_at(entry, "context")
    cluster = _part(read, "clusters", "cluster", text_at(chosen, "cluster"), place)
    user_name = text_at(chosen, "user")
    user = _part(read, "users", "user", user_name, place) if user_name else {}
    server = text_at(cluster, "server").rstrip("/")
    if not server:
        raise _broken(place, f"clusters[{text_at(chosen, 'cluster')}].cluster.server", "is missing")
    return Chosen(wanted, server, text_at(chosen, "namespace"), cluster, user)


def _of_pod(account: Path, environ: Mapping[str, str]) -> Chosen:
    """The pod's own service account: a kubeconfig in all but name."""
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    token, authority = account / "token", account / "ca.crt"
    for path in (token, authority):
        if not path.is_file():
            raise InputError(
                "kubeconfig-missing",
                f"this is a pod, and its service account has no {path}",
                hint="let the pod mount its service account's token",
            )
    space = account / "namespace"
    return Chosen(
        "in-cluster",
        server,
        space.read_text(encoding="utf-8").strip() if space.is_file() else "",
        {"server": server, "certificate-authority": str(authority)},
        {"tokenFile": str(token)},
    )


def _read(path: Path) -> KubeObject:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            "kubeconfig-missing", f"{path} cannot be read: {error.strerror}", hint=_HINT
        ) from error
    data = read_yaml(decode(content, str(path)), str(path)).data
    if not isinstance(data, dict):
        raise _broken(path, "", "is no kubeconfig: a map with contexts, clusters and users is due")
    return data


def _named(read: list[tuple[Path, KubeObject]], kind: str) -> dict[str, tuple[Path, KubeObject]]:
    """Every entry by its name; the first file that has a name has the word."""
    found: dict[str, tuple[Path, KubeObject]] = {}
    for path, config in read:
        for entry in objects_at(config, kind):
            found.setdefault(text_at(entry, "name"), (path, entry))
    return found


def _part(
    read: list[tuple[Path, KubeObject]], kind: str, key: str, name: str, place: Path
) -> KubeObject:
    found = _named(read, kind).get(name)
    if found is None:
        raise _broken(place, f"{kind}[{name}]", "is asked for by the context and is not there")
    path, entry = found
    part = dict(map_at(entry, key))
    for word in _FILES_OF_CLUSTER if kind == "clusters" else _FILES_OF_USER:
        named = part.get(word)
        if isinstance(named, str) and named:
            part[word] = _file(path, f"{kind}[{name}].{key}.{word}", named)
    return part


def _file(path: Path, place: str, named: str) -> str:
    """A file that the kubeconfig names, from the kubeconfig's own folder. It must be there."""
    found = path.parent / Path(named).expanduser()
    if not found.is_file():
        raise _broken(path, place, f"the file {found} is not there")
    return str(found.absolute())


def _broken(path: Path, place: str, message: str) -> InputError:
    return InputError(
        "kubeconfig-broken",
        f"{path}: {message}" if not place else f"{path}: {place}: {message}",
        hint="mend the file, or name another one with --kubeconfig",
        faults=(Fault(str(path), None, place, message),),
    )


def _shown(files: list[Path]) -> str:
    return ", ".join(map(str, files))


def plug_in_of(user: KubeObject) -> KubeObject | None:
    """The plug-in that signs in for this user; None where there is none."""
    found: Plain = at(user, "exec")
    return found if isinstance(found, dict) else None
