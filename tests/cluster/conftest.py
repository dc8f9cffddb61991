"""One cluster for all tests of this folder: the lab, started once, or `--context NAME`.

Where neither is possible the tests are skipped and say why. The lab is used as it is when one
runs already (`make lab-up`); otherwise it is started here and ended with the last test.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cluster.lab import life, programs
from cluster.lab.__main__ import NAME
from cluster.lab.building import build_all, is_built
from cluster.lab.images import PYTHON
from cluster.lab.machine import missing_to_build, missing_to_start
from cluster.lab.parts import Lab
from cluster.old_side import OldSide
from cluster.reach import Cluster, user_cluster


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two options, and the environment for when this folder is found too late to have any."""
    group = parser.getgroup("cluster")
    group.addoption("--context", metavar="NAME", help="run against this context of your kubeconfig")
    group.addoption("--cluster-image", metavar="IMAGE", help="an image with Python 3 for it")


def option(config: pytest.Config, name: str, variable: str) -> str | None:
    """What was chosen on the command line or in the environment."""
    said = config.getoption(name, default=None)
    return str(said) if said else os.environ.get(variable)


@pytest.fixture(scope="session")
def chosen_context(pytestconfig: pytest.Config) -> str | None:
    """The context of the user's own cluster, or None for the lab."""
    return option(pytestconfig, "--context", "MIGRATOR_CLUSTER_CONTEXT")


@pytest.fixture(scope="session")
def lab_is_possible(pytestconfig: pytest.Config, chosen_context: str | None) -> None:
    """Skip with a reason where the lab cannot be, and build it where it can."""
    if chosen_context is not None:
        pytest.skip("needs the lab: nobody's own cluster is broken on purpose")
    reason = missing_to_start() or (None if is_built() else missing_to_build())
    if reason is not None:
        pytest.skip(reason)
    terminal = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    assert terminal is not None
    build_all(lambda text: terminal.write_line(f"lab: {text}"))
    life.sweep()


@pytest.fixture(scope="session")
def lab(lab_is_possible: None) -> Iterator[Lab]:  # noqa: ARG001 - asked for what it does
    """The lab, with this process in its network."""
    found = life.running(NAME)
    name = f"tests-{os.getpid()}"
    try:
        lab = found or life.up(name, lambda _: None, stays=False)
        with lab.inside():
            yield lab
    finally:
        life.down(name)


@pytest.fixture(scope="session")
def cluster(
    request: pytest.FixtureRequest, pytestconfig: pytest.Config, chosen_context: str | None
) -> Cluster:
    """The cluster of this session."""
    if chosen_context is None:
        lab: Lab = request.getfixturevalue("lab")
        kubectl = programs.program("kubectl")
        return Cluster(kubectl, lab.kubeconfig, "lab", PYTHON.reference)
    image = option(pytestconfig, "--cluster-image", "MIGRATOR_CLUSTER_IMAGE")
    return user_cluster(chosen_context, image or "python:3-slim")


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of the test's own."""
    with cluster.namespace() as name:
        yield name


@pytest.fixture
def old(lab: Lab) -> Iterator[OldSide]:
    """The old platform; ended with the test."""
    side = OldSide(lab)
    yield side
    side.end()


@pytest.fixture
def clean(cluster: Cluster) -> Iterator[list[str]]:
    """Namespaces to be deleted, and to be gone, when the test is over."""
    names: list[str] = []
    yield names
    if names:
        cluster.kubectl("delete", "namespace", "--ignore-not-found", *names, seconds_max=180)
