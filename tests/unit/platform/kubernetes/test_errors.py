"""A refusal names what is wrong, and never repeats what an object holds."""

from __future__ import annotations

import json

from migrator.errors import MigratorError
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.errors import MESSAGE_CHARS_MAX, error_of
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.wire import Answer, Target

TARGET = Target("patch", "jobs.batch", "shop", "web")
TEMPLATE = f'{{"Containers":[{{"Env":[{{"Value":"never-shown"}}]}}],"More":"{"x" * 2000}"}}'


def refused(message: str, *causes: tuple[str, str]) -> MigratorError:
    told: list[Plain] = [{"field": field, "message": said} for field, said in causes]
    status: KubeObject = {
        "kind": "Status",
        "reason": "Invalid",
        "message": message,
        "details": {"causes": told},
    }
    return error_of(TARGET, Answer(422, {}, json.dumps(status).encode()), "the server")


def test_a_template_that_cannot_change_is_named_without_its_environment() -> None:
    why = f"Invalid value: {TEMPLATE}: field is immutable"
    error = refused(f'Job.batch "web" is invalid: spec.template: {why}', ("spec.template", why))
    assert error.reference == "cluster-immutable"
    assert error.message.endswith(
        "spec.template: Invalid value: (a long value): field is immutable"
    )
    alone = refused(f'Job.batch "web" is invalid: spec.template: {why}')
    assert alone.reference == "cluster-immutable"
    assert "never-shown" not in alone.message
    assert len(alone.message) < MESSAGE_CHARS_MAX


def test_a_short_value_that_is_wrong_is_shown() -> None:
    why = 'Invalid value: "Web": must be lower case'
    error = refused(f'Job.batch "Web" is invalid: metadata.name: {why}', ("metadata.name", why))
    assert error.reference == "cluster-invalid-object"
    assert error.message.endswith(f"metadata.name: {why}")
