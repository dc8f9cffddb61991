"""A browser is known by the name that its owner knows it by, and by nothing more."""

from __future__ import annotations

import pytest

from migrator.web.device_names import device_name

ENGINE = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {ENGINE} Chrome/144.0 Safari/537.36 Edg/144.0",
         "Edge, Windows"),
        ("Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
         "Firefox, Android"),
        (f"Mozilla/5.0 (Linux; Android 16; K) {ENGINE} Chrome/144.0 Mobile Safari/537.36",
         "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
         "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
         "Firefox, Linux"),
        ("curl/8", ""),
        ("", ""),
        ("x" * 10_000 + "Firefox", ""),
        ("<script>Firefox</script>", "Firefox"),
    ],
)  # fmt: skip
def test_a_browser_has_the_name_that_people_know(said: str, name: str) -> None:
    assert device_name(said) == name
