"""One service as it counts: environment, ports, and what the files lay over each other."""

from __future__ import annotations

from pathlib import Path

from migrator.importers.compose_services import (
    ComposeService,
    environment,
    ports,
    read_project,
    services_of,
)
from migrator.importers.coverage import Collector


def a_service(folder: Path, body: str, **files: str) -> ComposeService:
    for name, text in files.items():
        (folder / f"{name}.env").write_text(text, encoding="utf-8")
    path = folder / "compose.yaml"
    path.write_text("services:\n  a:\n" + body, encoding="utf-8")
    return services_of(read_project([path], Collector()))[0]


def test_what_stands_in_the_file_wins_over_an_env_file(tmp_path: Path) -> None:
    service = a_service(
        tmp_path,
        "    env_file: [{path: one.env, required: false}, two.env]\n    environment: {A: file}\n",
        one="A=one\nB=one\nC=one\n",
        two="B=two\n",
    )
    values = {key: each.value for key, each in environment(service).items()}
    assert values == {"A": "file", "B": "two", "C": "one"}


def test_a_variable_that_is_passed_through_takes_its_value_from_dot_env(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n", encoding="utf-8")
    service = a_service(tmp_path, "    environment: [A, B, C=$A]\n")
    values = {key: each.value for key, each in environment(service).items()}
    assert values == {"A": "1", "B": None, "C": "1"}


def test_ports_are_read_in_every_spelling(tmp_path: Path) -> None:
    service = a_service(
        tmp_path,
        '    expose: [7000, "7001/udp"]\n'
        '    ports: ["80:8080", "127.0.0.1:81:8081/tcp", 9000:9001, "9002", "$UNKNOWN",'
        " {target: 9003}]\n",
    )
    found = {port.number: port.published for port in ports(service)}
    assert found == {
        7000: False,
        7001: False,
        8080: True,
        8081: True,
        9001: True,
        9002: False,
        9003: False,
    }


def test_a_command_is_split_as_a_shell_would(tmp_path: Path) -> None:
    service = a_service(tmp_path, "    command: run --to 'two words' --at orders:1\n")
    assert [node.text for node in service.words("command")] == [
        *("run", "--to", "two words", "--at", "orders:1")
    ]


def test_a_command_with_a_lone_quote_is_taken_word_by_word(tmp_path: Path) -> None:
    service = a_service(tmp_path, '    command: "don\'t stop"\n')
    assert [node.text for node in service.words("command")] == ["don't", "stop"]


def test_an_env_file_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.env").write_text("A=secret\n", encoding="utf-8")
    folder = tmp_path / "inside"
    folder.mkdir()
    service = a_service(folder, "    env_file: ../outside.env\n")
    assert environment(service) == {}
    missing = service.project.collector.missing_files
    assert [each.why for each in missing] == [
        "it is outside the Compose file's folder and was not read"
    ]
