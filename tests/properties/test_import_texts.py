"""Whatever stands in somebody's file: nothing stops the reader, and no secret leaves it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrator.importers.addresses import addresses, bare_hosts, holds_credentials, masked

HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9]", fullmatch=True)
PORTS = st.integers(1, 65535)
# Digits and capitals only, so that a password can be told from a host that is named on purpose.
SECRETS = st.from_regex(r"[A-Z0-9]{12,20}", fullmatch=True)


@given(st.text(max_size=400))
def test_any_text_is_read_to_its_end(text: str) -> None:
    named = addresses(text)
    holds_credentials(text)
    bare_hosts("SOME_HOST", text)
    assert all(0 <= one.start < one.end <= len(text) for one in named)
    assert all(one.port is None or 1 <= one.port <= 65535 for one in named)


@given(st.text(alphabet="ab1:/@.${}(),-_= ", max_size=80))
def test_texts_made_of_the_signs_of_addresses_are_read_too(text: str) -> None:
    masked(text, addresses(text))


@given(HOSTS, PORTS, SECRETS, SECRETS)
def test_a_url_shows_its_address_and_keeps_everything_else(
    host: str, port: int, user: str, password: str
) -> None:
    text = f"postgres://{user}:{password}@{host}:{port}/{user}?key={password}"
    shown = masked(text, addresses(text))
    assert shown == f"***{host}:{port}***"


@given(st.lists(st.tuples(HOSTS, PORTS), min_size=1, max_size=5))
def test_every_address_of_a_list_is_found(pairs: list[tuple[str, int]]) -> None:
    text = ",".join(f"{host}:{port}" for host, port in pairs)
    found = [(one.host, one.port) for one in addresses(text)]
    assert found == [pair for pair in pairs if pair[0] != "localhost"]
