"""The check of Casual over a real connection, to a fake gateway: no real one can be had here."""

from __future__ import annotations

from casual_gateway import gateway
from led_talks import a_look, over_socket
from migrator.probes.checks.casual import CasualTalk


def test_gateway_built_from_the_documented_layout_names_its_domain() -> None:
    with gateway("domain-new") as address:
        seen = over_socket(CasualTalk(a_look("casual", holds="domain-new")), address)
        wrong = over_socket(CasualTalk(a_look("casual", holds="domain-old")), address)
        too_new = over_socket(CasualTalk(a_look("casual", versions=[1006])), address)
    assert (seen.word, seen.detail) == ("ok", "domain domain-new, 1003")
    assert wrong.word == "mismatch"
    assert too_new.word == "status"
