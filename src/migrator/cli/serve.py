"""`migrator serve RUN`: the pages of a run, for handlers, the operations room and deciders.

The process keeps nothing: it can be ended and begun anew at any time, on another machine that
reaches the store, and several may stand beside one conductor.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.runs import DEFAULT_STORE, RunArgument, StoreOption, see_run
from migrator.errors import EnvironmentFailed

if TYPE_CHECKING:
    from migrator.web.provider import Settings


def command(
    run: RunArgument,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 8080,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="A certificate in PEM.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Its private key.")
    ] = None,
    in_the_clear: Annotated[
        bool,
        typer.Option("--in-the-clear", help="Listen beyond this machine without TLS all the same."),
    ] = False,
    *,
    behind_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-proxy",
            help="A proxy in front writes X-Forwarded-For: count wrong codes by what it says.",
        ),
    ] = False,
    provider: Annotated[
        Path | None,
        typer.Option(
            "--provider", metavar="FILE", help="People sign in by OpenID Connect, too: who by."
        ),
    ] = None,
    public: Annotated[
        bool,
        typer.Option("--public", help="Show whoever is not signed in how it stands, no names."),
    ] = False,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Serve the pages of a run: my checks, the weekend, decisions.

    \b
    Examples:
      migrator serve latest
      migrator serve autumn-p1 --host 0.0.0.0 --certificate pages.pem --key pages.key
      migrator serve autumn-p1 --behind-proxy --provider provider.yaml

    Nobody gets in without an invitation (`migrator invite RUN` prints them) or, with --provider,
    without being signed in there and named in the plan; docs/sign-in.md has the file. Ctrl-C ends
    the pages; the run goes on. Behind a proxy that ends TLS, give --behind-proxy: without it, all
    visitors have one address, and a few mistyped codes slow everybody down.
    """
    try:
        from migrator.web.serving import Place, refuse_clear_text, serve
    except ModuleNotFoundError as missing:
        raise EnvironmentFailed(
            "web-extra",
            f"the pages need {missing.name}, which is not installed",
            hint="install the extra 'web': pip install 'migrator[web]'",
        ) from missing

    place = Place(host, port, certificate, key, in_the_clear, behind_proxy, public)
    refuse_clear_text(place)
    if provider is not None:
        place = replace(place, provider=_provider(provider))
    seen = see_run(run, store)
    with seen.store:

        def ready(address: str) -> None:
            output.show(f"{seen.mode} {seen.name}: {address}")
            output.say(
                f"invite people: migrator invite {seen.name} NAME --address {address}; Ctrl-C ends"
            )

        serve(seen, place, ready)


def _provider(path: Path) -> Settings:
    """The provider's settings; one that is away is told of, and no reason to serve nothing."""
    from migrator.conductor.clock import wall_now
    from migrator.web.provider import trouble
    from migrator.web.provider_file import read_provider

    settings = read_provider(path)
    if why := trouble(settings, wall_now()):
        output.say(
            f"{settings.name}: {why}; until that is mended people sign in by invitation only"
        )
    return settings
