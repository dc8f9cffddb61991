"""Which cluster, as whom: kubectl's rules, and every gap named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.platform.kubernetes.kubeconfig import choose
from migrator.platform.kubernetes.objects import KubeObject


def a_config(name: str = "prod", /, **over: object) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": f"{name}-c", "cluster": {"server": f"https://{name}.invalid/"}}],
        "users": [{"name": f"{name}-u", "user": {"token": f"{name}-token"}}],
        "contexts": [
            {
                "name": name,
                "context": {"cluster": f"{name}-c", "user": f"{name}-u", "namespace": "shop"},
            }
        ],
        **over,
    }


def written(path: Path, config: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def refused(reference: str, **asked: object) -> str:
    with pytest.raises(InputError) as told:
        choose(**asked)  # type: ignore[arg-type]  # each test gives what it means
    assert told.value.reference == reference
    return told.value.message


def test_a_named_file_is_read_and_its_current_context_taken(tmp_path: Path) -> None:
    chosen = choose(file=written(tmp_path / "config", a_config()), environ={})
    assert (chosen.context, chosen.server, chosen.namespace) == (
        "prod",
        "https://prod.invalid",
        "shop",
    )
    assert chosen.user == {"token": "prod-token"}


def test_without_a_name_the_environment_and_then_the_home_folder_say_which(tmp_path: Path) -> None:
    home = written(tmp_path / ".kube" / "config", a_config("home"))
    named = written(tmp_path / "named", a_config("named"))
    environ = {"HOME": str(home.parent.parent)}
    assert choose(environ=environ).context == "home"
    assert choose(environ={**environ, "KUBECONFIG": str(named)}).context == "named"


def test_of_several_files_the_first_that_has_a_name_has_the_word(tmp_path: Path) -> None:
    one = written(tmp_path / "one", a_config("prod"))
    other = a_config("test", clusters=[{"name": "prod-c", "cluster": {"server": "https://x"}}])
    other["contexts"] = [{"name": "test", "context": {"cluster": "prod-c", "user": "test-u"}}]
    two = written(tmp_path / "two", other)
    environ = {"KUBECONFIG": f"{one}:{tmp_path / 'missing'}:{two}"}
    assert choose(environ=environ).context == "prod"
    chosen = choose("test", environ=environ)
    assert (chosen.server, chosen.user) == ("https://prod.invalid", {"token": "test-token"})


def test_a_context_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    file = written(tmp_path / "config", a_config())
    assert "there are: prod" in refused("kubeconfig-context", context="stage", file=file)
    empty = written(tmp_path / "empty", a_config(**{"current-context": ""}))
    assert "no context is current" in refused("kubeconfig-context", file=empty)


def test_no_file_at_all_is_told_with_where_it_was_looked_for(tmp_path: Path) -> None:
    said = refused("kubeconfig-missing", environ={"HOME": str(tmp_path)})
    assert str(tmp_path / ".kube" / "config") in said
    assert "gone" in refused("kubeconfig-missing", file=tmp_path / "gone", environ={})


@pytest.mark.parametrize(
    ("over", "place"),
    [
        ({"clusters": []}, "clusters[prod-c]"),
        ({"users": []}, "users[prod-u]"),
        ({"clusters": [{"name": "prod-c", "cluster": {}}]}, "clusters[prod-c].cluster.server"),
        (
            {"users": [{"name": "prod-u", "user": {"client-key": "keys/gone.pem"}}]},
            "users[prod-u].user.client-key",
        ),
    ],
)
def test_a_gap_is_told_with_its_place(tmp_path: Path, over: dict[str, object], place: str) -> None:
    file = written(tmp_path / "config", a_config(**over))
    assert place in refused("kubeconfig-broken", file=file)


def test_files_are_looked_for_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "token").write_text("t", encoding="utf-8")
    users = [{"name": "prod-u", "user": {"tokenFile": "token"}}]
    file = written(tmp_path / "deep" / "config", a_config(users=users))
    assert choose(file=file).user == {"tokenFile": str(tmp_path / "deep" / "token")}


def test_a_file_that_is_no_kubeconfig_is_told(tmp_path: Path) -> None:
    refused("kubeconfig-broken", file=written(tmp_path / "config", ["a", "list"]))


def test_a_pod_speaks_as_its_service_account(tmp_path: Path) -> None:
    for name, text in (("token", "t\n"), ("ca.crt", "pem"), ("namespace", "mover\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    environ = {
        "HOME": "/nowhere",
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        "MIGRATOR_POD_ACCOUNT": str(tmp_path),
    }
    chosen = choose(environ=environ)
    assert (chosen.server, chosen.namespace) == ("https://10.96.0.1:443", "mover")
    assert chosen.user == {"tokenFile": str(tmp_path / "token")}
    six = choose(environ={**environ, "KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert six.server == "https://[fd00::1]:443"
    (tmp_path / "token").unlink()
    assert "token" in refused("kubeconfig-missing", environ=environ)


def test_one_context_alone_is_handed_on(tmp_path: Path) -> None:
    chosen = choose(file=written(tmp_path / "config", a_config()))
    handed: KubeObject = chosen.as_config()
    assert choose(file=written(tmp_path / "again", handed)).server == chosen.server
