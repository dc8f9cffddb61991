"""The small estate as files: the same facts that `builders.an_inventory` holds in memory.

`builders.write_inventory` writes them; a test that needs a broken one changes one thing in a text.
"""

from __future__ import annotations

from typing import Final

FILES: Final = {
    "inventory": """\
schema_version: 1
name: Small estate
owner: The agency
""",
    "subsystems": """\
subsystems:
  - id: ledger
    name: General ledger
    team: blue
    kind: stateful
    criticality: 4
    data_classes: [personal]
    components:
      - {id: ledger.app, name: Ledger, role: process, technology: java}
      - {id: ledger.db, name: Books, role: store}
    durations:
      move: {p50: 1h, p80: 1h30m}
      verify: {p50: 20m, p80: 30m}
      unwind: {p50: 30m, p80: 45m}
    failure_probability: 0.04
    cpu: 4
    memory_gib: 16
    copy_gib: 120
    irreversible: {act: the old books are closed, at: 2023-10-15T12:00}
    tags: [finance]
  - id: payments
    name: Payments
    team: blue
    kind: stateful
    criticality: 5
    components: [{id: payments.app}]
    durations:
      move: {p50: 50m, p80: 80m}
      verify: {p50: 20m, p80: 30m}
      unwind: {p50: 30m, p80: 45m}
      copy: {p50: 25m, p80: 40m}
    failure_probability: 0.05
    cpu: 2
    memory_gib: 8
    copy_gib: 40
  - id: web
    name: Web front
    team: green
    kind: stateless
    criticality: 2
    components: [{id: web.app, role: frontend}]
    durations:
      move: {p50: 20m, p80: 30m}
      verify: {p50: 10m, p80: 15m}
      unwind: {p50: 10m, p80: 15m}
    failure_probability: 0.02
    cpu: 1
    memory_gib: 2
  - id: night
    name: Night run
    team: green
    kind: batch
    criticality: 3
    components: [{id: night.job, role: batch}]
    durations:
      move: {p50: 30m, p80: 40m}
      verify: {p50: 15m, p80: 20m}
      unwind: {p50: 15m, p80: 25m}
    failure_probability: 0.03
    cpu: 1
    memory_gib: 4
    copy_gib: 5
  - id: bank
    name: The bank
    team: blue
    kind: external
    criticality: 5
    components: [{id: bank.api, role: external}]
  - id: archive
    name: Old archive
    team: green
    kind: stays
    criticality: 1
    components: [{id: archive.app}]
    reason: runs on the mainframe
    review_date: 2025-01-15
""",
    "relations": """\
relations:
  - kind: before
    members: [ledger, payments]
    owner: Finance
    reason: the books come first
  - kind: with
    members: [night, web]
    owner: Operations
    reason: they share a file
""",
    "functions": """\
functions:
  - id: pay-out
    name: {sv: Betala ut, en: Pay out}
    exercises: {payments: core, ledger: core, web: passing}
    competence: benefits
    handlers: []
    quorum: 2
    minutes: {p50: 15m, p80: 25m}
    text: {sv: Betala ut en krona, en: Pay out one krona}
    side_mark: {where: the foot of the page, old: Version 1, new: Version 2}
    possible_after: 2023-10-14T09:00
    leaves_behind: one krona to take back
""",
    "people": """\
people:
  - id: anna
    name: Anna A
    telephone: "+46 10 000 00 01"
    roles: [decision_maker, wave_lead]
    shifts: [friday, saturday]
    deputy: bo
  - {id: bo, name: Bo B, roles: [decision_maker], shifts: [saturday]}
  - {id: cia, name: Cia C, roles: [handler], competences: [benefits], shifts: [saturday]}
  - {id: dan, name: Dan D, roles: [handler], competences: [benefits], shifts: [friday]}
  - {id: eva, name: Eva E, team: blue, roles: [engineer], shifts: [friday]}
teams:
  - {id: blue, name: Blue, seats: {friday: 2, saturday: 3}}
  - {id: green, name: Green, seats: 2}
shifts:
  - {id: friday, start: 2023-10-13T18:00, end: 2023-10-14T06:00}
  - {id: saturday, start: 2023-10-14T06:00, end: 2023-10-15T18:00}
""",
    "calendar": """\
time_zone: Europe/Stockholm
window: {start: 2023-10-13T18:00, end: 2023-10-15T18:00}
blackouts:
  - id: pay-run
    start: 2023-10-14T01:00
    end: 2023-10-14T04:00
    subsystems: [payments]
    reason: the night's payments
fixed_dates:
  - {id: clearing, subsystem: payments, start: 2023-10-14T08:00, end: 2023-10-14T12:00, partner: b}
""",
    "places": """\
places:
  - id: hall
    name: The hall
    side: old
    owner: The agency
    country: SE
    operator: The agency
    support_countries: [SE]
  - id: cluster
    name: The cluster
    side: new
    owner: The agency
    country: SE
    operator: The agency
    support_countries: [SE]
    capacity: {cpu: 100, memory_gib: 400, copy_gib_per_hour: 60}
""",
}
"""The small estate's files by stem."""
