"""The amounts that manifests write."""

from __future__ import annotations

import pytest

from migrator.importers.quantities import compose_bytes, kubernetes_quantity, plain_number


@pytest.mark.parametrize(
    ("text", "amount"),
    [("100m", 0.1), ("2", 2.0), ("0.5", 0.5), ("128Mi", 134217728.0), ("1G", 1e9), ("1e3", 1e3)],
)
def test_a_quantity_of_kubernetes_is_read(text: str, amount: float) -> None:
    assert kubernetes_quantity(text) == pytest.approx(amount)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("300M", 314572800.0), ("1gb", 1073741824.0), ("512k", 524288.0), ("10b", 10.0), ("7", 7.0)],
)
def test_a_size_of_compose_counts_in_1024(text: str, amount: float) -> None:
    assert compose_bytes(text) == pytest.approx(amount)


@pytest.mark.parametrize("text", [None, "", "lots", "-1", "1Xi", "${LIMIT}"])
def test_what_cannot_be_read_is_unknown(text: str | None) -> None:
    assert kubernetes_quantity(text) is None
    assert compose_bytes(text) is None
    assert plain_number(text) is None
