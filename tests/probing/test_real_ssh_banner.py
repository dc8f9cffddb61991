"""The check of SSH against a real sshd, in a folder of the test's own."""

from __future__ import annotations

import subprocess

import pytest

from led_talks import a_look, over_socket
from migrator.probes.checks.ssh_banner import SshBannerTalk
from real_servers import appears, folder_of_another, free_port, program, running

pytestmark = pytest.mark.slow


def test_sshd_is_seen_by_its_banner_and_notes_who_came() -> None:
    sshd, keygen, port = program("sshd"), program("ssh-keygen"), free_port()
    with folder_of_another() as (folder, user):
        make = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")]
        subprocess.run(make, check=True, user=user)
        (folder / "sshd.conf").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/key\nPidFile none\n"
            "UsePAM no\nVersionAddendum side-new\nLogLevel DEBUG\n"
        )
        command = [sshd, "-D", "-e", "-f", str(folder / "sshd.conf")]
        with running(command, port, folder, as_user=user) as address:
            finding = over_socket(SshBannerTalk(a_look("ssh_banner", holds="side-new")), address)
            noted = appears(folder / "server.log", "migrator_probe")
    assert finding.word == "ok", finding
    assert finding.seen.startswith("SSH-2.0-OpenSSH_")
    assert noted
