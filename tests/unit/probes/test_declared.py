"""probes.yaml is judged whole: every fault with its line and how to mend it."""

from __future__ import annotations

from datetime import date
from typing import Final

import pytest

from builders import an_inventory
from migrator.ids import ComponentId, SubsystemId
from migrator.probes.declared import Examined, examine
from migrator.probes.model import (
    Address,
    Answers,
    Caps,
    CheckRule,
    Here,
    InPod,
    Match,
    OverSsh,
    Patience,
    Stand,
    Untestable,
    Waiver,
)

TODAY: Final = date(2023, 10, 13)

WHOLE: Final = """\
allow: [10.0.0.0/8, "fd00::/8"]
caps: {per_second: 50}
patience: {need: 2, of: 3, seconds: 1.5}
vantages:
  - {id: here, kind: here}
  - {id: old-web, kind: ssh, host: web1.old.example}
  - {id: web-new, kind: pod, namespace: web, workload: Deployment/web, image: "python:3"}
stands:
  - {component: payments.app, old: old-web, new: here}
  - {subsystem: web, old: old-web, new: web-new}
  - {old: here}
addresses:
  ledger.db: 10.1.2.3
  payments.app: {old: 10.1.2.4, new: Payments.svc.example}
  web.app: {old: {host: 10.1.2.5, port: 8443}, new: {from_old: {host: "fd00::9"}, from_new: web}}
checks:
  - match: {component: ledger.db, port: 5432}
    kind: tcp
    identity: {old: side=old, new: side=new}
    args: {stays_ms: 5}
    seconds: 5
    of: 4
untestable:
  - {match: {protocol: mq}, reason: one-way, owner: Finance, watch: the queue's length}
waived:
  - {link: l-7, who: Kim, why: known, until: 2023-10-20}
  - {match: {source_subsystem: night}, who: Kim, why: known, until: 2023-10-12}
sample: 0.5
"""

SMALL: Final = """\
allow: [10.0.0.0/8]
vantages: [{id: here, kind: here}]
stands: [{old: here, new: here}]
"""


def seen(text: str) -> Examined:
    return examine(text.encode(), an_inventory(), TODAY)


def faults(text: str) -> list[str]:
    examined = seen(text)
    assert examined.declared is None
    return [str(fault).removeprefix("probes.yaml:") for fault in examined.faults]


def with_(more: str) -> str:
    return SMALL + more


def test_a_whole_file_declares_what_it_says() -> None:
    declared = seen(WHOLE).declared
    assert declared is not None
    assert declared.allow == ("10.0.0.0/8", "fd00::/8")
    assert declared.caps == Caps(per_second=50)
    assert declared.patience == Patience(2, 3, 1.5)
    assert declared.vantages == (
        Here("here"),
        OverSsh("old-web", "web1.old.example"),
        InPod("web-new", "web", "Deployment/web", "python:3"),
    )
    assert declared.stands == (
        Stand(ComponentId("payments.app"), None, "old-web", "here"),
        Stand(None, SubsystemId("web"), "old-web", "web-new"),
        Stand(None, None, "here", ""),
    )
    both = Address("10.1.2.3")
    assert declared.addresses == {
        "ledger.db": Answers(both, both, both, both),
        "payments.app": Answers(
            Address("10.1.2.4"),
            Address("10.1.2.4"),
            Address("payments.svc.example"),
            Address("payments.svc.example"),
        ),
        "web.app": Answers(
            Address("10.1.2.5", 8443), Address("10.1.2.5", 8443), Address("fd00::9"), Address("web")
        ),
    }
    match = Match(component=ComponentId("ledger.db"), port=5432)
    assert declared.checks == (
        CheckRule(match, "tcp", None, '{"stays_ms":5}', "side=old", "side=new", seconds=5, of=4),
    )
    assert declared.untestable == (
        Untestable(Match(protocol="mq"), "one-way", "Finance", "the queue's length"),
    )
    assert declared.waived == (
        Waiver(Match(link="l-7"), "Kim", "known", date(2023, 10, 20)),
        Waiver(Match(source_subsystem=SubsystemId("night")), "Kim", "known", date(2023, 10, 12)),
    )
    assert declared.sample == 0.5


def test_the_digest_covers_the_content_and_not_the_order_of_keys() -> None:
    first, other = seen(WHOLE).declared, seen(WHOLE.replace("sample: 0.5", "sample: 0.4")).declared
    lines = SMALL.splitlines(keepends=True)
    straight, turned = seen(SMALL).declared, seen("".join(reversed(lines))).declared
    assert first is not None
    assert other is not None
    assert straight is not None
    assert turned is not None
    assert first.digest != other.digest
    assert straight.digest == turned.digest


def test_a_waiver_that_ended_is_told_and_is_no_fault() -> None:
    examined = seen(WHOLE)
    (warning,) = examined.warnings
    assert str(warning) == (
        "probes.yaml:27: waived[1].until: the waiver of Kim ended on 2023-10-12 and counts no "
        "more; its links are looked at again"
    )


def test_a_waiver_holds_through_its_last_day() -> None:
    last = WHOLE.replace("until: 2023-10-12", "until: 2023-10-13")
    assert seen(last).warnings == ()


def test_a_vantage_point_that_speaks_for_nobody_is_told() -> None:
    idle = SMALL.replace("kind: here}]", "kind: here}, {id: idle, kind: here}]")
    assert [each.message for each in seen(idle).warnings] == [
        "the vantage point 'idle' speaks for nobody under `stands`"
    ]


def test_all_faults_are_named_at_once_with_their_lines() -> None:
    text = (
        WHOLE.replace("10.0.0.0/8", "0.0.0.0/0")
        .replace("10.1.2.3", "10.1.2")
        .replace("kind: tcp", "kind: tpc")
    )
    found = faults(text.replace("who: Kim, why: known, until: 2023-10-20", "who: Kim"))
    assert [line.split(":")[0] for line in found] == ["1", "13", "18", "26", "26"]


@pytest.mark.parametrize(
    ("allow", "said"),
    [
        ("[]", "no network is allowed"),
        ("[0.0.0.0/0]", "0.0.0.0/0 is too wide to be an estate"),
        ("['::/0']", "::/0 is too wide"),
        ("[10.0.0.0/7]", "too wide"),
        ("['2000::/15']", "too wide"),
        ("[10.1.2.3/8]", "10.1.2.3/8 has digits beyond its prefix; write 10.0.0.0/8 or the single"),
        ("[10.0.0.0/8, 10.0.0.0/8]", "stands twice"),
        ("[ten]", "wants a network such as 10.0.0.0/8 or fd00::/8, found the text 'ten'"),
        ("['fe80::1%eth0']", "names an interface"),
        ("['::ffff:10.0.0.0/104']", "write the IPv4 network"),
        ("[10]", "wants text, found the number 10"),
        ("10.0.0.0/8", "wants a list"),
    ],
)
def test_a_network_that_may_not_be_allowed_is_named(allow: str, said: str) -> None:
    found = faults(SMALL.replace("[10.0.0.0/8]", allow))
    assert len(found) == 1
    assert found[0].startswith("1: allow")
    assert said in found[0]


def test_without_an_allow_list_nothing_is_declared() -> None:
    (found,) = faults(SMALL.replace("allow: [10.0.0.0/8]\n", ""))
    assert "the key 'allow' is missing: name the networks that may be touched" in found


def test_everything_may_be_allowed_only_in_so_many_words() -> None:
    wide = SMALL.replace("[10.0.0.0/8]", "[0.0.0.0/0, '::/0']")
    declared = seen(wide + "allow_everything: true\n").declared
    assert declared is not None
    assert declared.allow == ("0.0.0.0/0", "::/0")
    assert seen(wide + "allow_everything: false\n").declared is None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("192.168.1.1", "192.168.1.1 stands outside the networks under `allow`"),
        ('"fd00::1"', "stands outside"),
        ('"::ffff:10.1.2.3"', "write 10.1.2.3"),
        ('"fe80::1%eth0"', "names an interface of one machine"),
        ("0.0.0.0", "is no address of a machine"),  # noqa: S104 - nobody listens here
        ("224.0.0.1", "is no address of a machine"),
        ("10.1", "wants an address, or host and port, found the number 10.1"),
        ("'10.1.2'", "neither a whole IP address nor a name"),
        ("0x7f.1.0x2", "neither a whole IP address nor a name"),
        ("10.1.2.3:80", "write {host: 10.1.2.3, port: 80}"),
        ("'[fd00::1]:80'", 'write {host: "fd00::1", port: 80}'),
        ("two words", "wants an IP address or a host's name"),
        ("-rf", "wants an IP address or a host's name"),
        ("{host: 10.1.2.3, prot: 80}", "unknown key 'prot'; did you mean 'port'?"),
        ("{host: 10.1.2.3, port: 70000}", "wants a port from 1 to 65535, found the number 70000"),
        ("{host: 10.1.2.3, port: true}", "wants a port from 1 to 65535, found true"),
        ("{port: 80}", "the key 'host' is missing"),
        ("{host: 5}", "wants text, found the number 5"),
        ("{odl: 10.1.2.3}", "unknown key 'odl'; did you mean 'old'?"),
        ("{old: {from_odl: 10.1.2.3}}", "unknown key 'from_odl'; did you mean 'from_old'?"),
        ("{old: [10.1.2.3]}", "wants an address, or host and port, found a list"),
        ("{}", "wants old or new, or host; found nothing"),
        ("", "found nothing"),
    ],
)
def test_an_address_that_cannot_be_looked_at_is_named(address: str, said: str) -> None:
    found = faults(with_(f"addresses:\n  web.app: {address}\n"))
    assert len(found) == 1, found
    assert found[0].startswith("5: addresses.web.app")
    assert said in found[0]


def test_addresses_of_unknown_components_are_faults_that_name_the_nearest() -> None:
    found = faults(with_("addresses: {web.ap: 10.1.2.3, web: 10.1.2.4, zzz: 10.0.0.1}\n"))
    assert [line.partition(": ")[2] for line in found] == [
        "addresses.web: there is no component 'web'; did you mean 'web.app'?",
        "addresses.web.ap: there is no component 'web.ap'; did you mean 'web.app'?",
        "addresses.zzz: there is no component 'zzz'",
    ]


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        ("[{old: her, new: here}]", "there is no vantage point 'her'; did you mean 'here'?"),
        ("[{subsystem: wbe, old: here}]", "there is no subsystem 'wbe'; did you mean 'web'?"),
        ("[{component: web.ap, old: here}]", "there is no component 'web.ap'"),
        ("[{subsystem: web}]", "names no vantage point; write `old`, `new` or both"),
        ("[{old: here}, {new: here}]", "stands[1]: is never reached: stands[0] matches all"),
        ("[{subsystem: web, old: here}, {component: web.app, new: here}]", "is never reached"),
        ("[{old: here}, {subsystem: web, new: here}]", "is never reached"),
        ("[{subsystem: web, old: here}, {subsystem: web, new: here}]", "is never reached"),
        (
            "[{component: web.app, subsystem: web, old: here}]",
            "names a component and a subsystem; one of them says it",
        ),
        ("[]", "wants at least 1 entry, found 0"),
    ],
)
def test_a_stand_that_matches_nothing_or_names_nobody_is_a_fault(stands: str, said: str) -> None:
    found = faults(SMALL.replace("[{old: here, new: here}]", stands))
    assert len(found) == 1, found
    assert said in found[0]


@pytest.mark.parametrize(
    ("vantage", "said"),
    [
        ("{id: here, kind: heer}", "wants one of here, ssh, pod; found the text 'heer'"),
        ("{id: here, kind: here, host: x}", "a vantage point of the kind here has no host"),
        ("{id: here, kind: ssh}", "a vantage point of the kind ssh needs the key 'host'"),
        ("{id: here, kind: pod, namespace: a}", "the kind pod needs the key 'workload'"),
        ("{id: here, kind: ssh, host: -oProxyCommand=x}", "wants a host of ssh's own"),
        ("{id: here, kind: ssh, host: a, python: '-c x'}", "the name or path of a Python"),
        ("{id: here, kind: pod, namespace: A, workload: Deployment/a}", "wants a namespace"),
        ("{id: here, kind: pod, namespace: a, workload: web}", "such as Deployment/folkbok"),
        ("{id: Here, kind: here}", "wants an id of lower-case letters"),
        ("{id: here, kind: here}, {id: here, kind: here}", "'here' stands twice"),
    ],
)
def test_a_vantage_point_that_cannot_be_is_a_fault(vantage: str, said: str) -> None:
    found = faults(SMALL.replace("{id: here, kind: here}", vantage))
    assert said in found[0], found


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("{kind: tpc}", "checks[0].kind: there is no kind of check 'tpc'; did you mean 'tcp'?"),
        ("{kind: zzzzz}", "there is no kind of check 'zzzzz'; there are: "),
        ("{kind: tcp, args: {stays_ms: -1}}", "stays_ms is not a number from 0 to 60000"),
        ("{kind: tcp, args: {stays_ms: .nan}}", "a number there is not finite"),
        ("{kind: tcp, match: {component: web.ap}}", "there is no component 'web.ap'"),
        ("{kind: tcp, match: {component: web.app, subsystem: night}}", "belongs to 'web'"),
        ("{kind: tcp, match: {source: web.app}}", "unknown key 'source'"),
        ("{kind: tcp, match: {port: 0}}", "wants at least 1, found the number 0"),
        ("{kind: tcp, need: 4}", "4 of 3 tries can never be ok"),
        ("{kind: tcp, identity: {old: side, new: side2}}", "one mark is a part of the other"),
        ("{kind: tcp}, {kind: tcp, match: {port: 5}}", "checks[1]: is never reached: checks[0]"),
        ("{match: {port: 5}}", "the key 'kind' is missing"),
        ("{kind: tcp, match: {prot: 5}}, {kind: tcp, match: {port: 5}}", "unknown key 'prot'"),
    ],
)
def test_a_check_that_cannot_be_made_is_a_fault(check: str, said: str) -> None:
    found = faults(with_(f"checks: [{check}]\n"))
    assert len(found) == 1, found
    assert said in found[0]


def test_a_check_may_be_patient_as_the_file_says() -> None:
    assert seen(with_("patience: {of: 5}\nchecks: [{kind: tcp, need: 4}]\n")).declared is not None
    (found,) = faults(with_("patience: {need: 4}\n"))
    assert "4 of 3 tries can never be ok" in found


def test_a_file_declares_programs_and_never_allows_them() -> None:
    rule = "checks: [{match: {protocol: mq}, kind: command, args: {argv: [/bin/true]%s}}]\n"
    declared = seen(with_(rule % "")).declared
    assert declared is not None
    assert not declared.commands
    (said,) = faults(with_(rule % ", allow_command: true"))
    assert "a file cannot allow programs: whoever looks does, by --allow-commands" in said


def test_arguments_that_name_a_variable_of_the_vantage_point_are_judged_there() -> None:
    args = "args: {banner: MIGRATOR_PROBE_X, stays_ms: -1}"
    assert seen(with_(f"checks: [{{kind: tcp, {args}}}]\n")).declared is not None


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("untestable: [{match: {protocol: mq}}]", "the key 'owner' is missing"),
        ("untestable: [{match: {protocol: mq}}]", "the key 'reason' is missing"),
        ("untestable: [{match: {protocol: mq}}]", "the key 'watch' is missing"),
        (
            "untestable: [{match: {protocol: mq}, reason: ' ', owner: a, watch: b}]",
            "must not be empty",
        ),
        (
            "untestable: [{match: {}, reason: a, owner: b, watch: c}]",
            "an empty match would take every link",
        ),
        ("untestable: [{reason: a, owner: b, watch: c}]", "wants either `match` or `link`"),
        ("waived: [{link: l-1, match: {port: 1}, who: a, why: b, until: 2023-10-20}]", "either"),
        ("waived: [{link: l-1, who: a, why: b}]", "the key 'until' is missing"),
        ("waived: [{link: l-1, who: a, until: 2023-10-20}]", "the key 'why' is missing"),
        ("waived: [{link: l-1, why: a, until: 2023-10-20}]", "the key 'who' is missing"),
        ("waived: [{link: l-1, who: a, why: b, until: soon}]", "wants a date such as 2024-06-01"),
        (
            "waived: [{match: {source: web.ap}, who: a, why: b, until: 2023-10-20}]",
            "match.source: there is no component 'web.ap'",
        ),
        (
            "waived: [{match: {source_subsystem: x}, who: a, why: b, until: 2023-10-20}]",
            "match.source_subsystem: there is no subsystem 'x'",
        ),
        ("sample: 1.5", "sample: wants at most 1"),
        ("caps: {per_second: 0}", "wants at least 0.01"),
        ("caps: {per_secnd: 5}", "unknown key 'per_secnd'; did you mean 'per_second'?"),
    ],
)
def test_what_leaves_links_out_needs_its_words(part: str, said: str) -> None:
    assert any(said in line for line in faults(with_(part + "\n")))


def test_a_fault_of_a_vantage_point_does_not_make_its_stands_faulty_too() -> None:
    assert len(faults(SMALL.replace("kind: here}", "kind: her}"))) == 1
