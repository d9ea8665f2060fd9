"""Open the page: on this computer alone, at an address nobody else can guess."""

from __future__ import annotations

import secrets
import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from amager_eval.app.folders import sweep
from amager_eval.app.kept import remembered, settings_file
from amager_eval.app.site import Site, make_app
from amager_eval.spec.agreement import load_agreement
from amager_eval.wording.sentences import Lang

__all__ = ["serve"]


def serve(
    *,
    agreement: str,
    lang: Lang,
    port: int = 0,
    browse: bool = True,
    tell: Callable[[str], None] = print,
) -> None:
    """Serve the page until it is closed, at a port of 127.0.0.1, 0 being any free one.

    `agreement` is a name in `models/agreements` or a TOML file; `tell` is called with the
    address.
    """
    agreed = load_agreement(agreement)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.bind(("127.0.0.1", port))
        listening.listen()  # a browser that is quicker than the server waits and is not refused
        token = secrets.token_urlsafe(24)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/{token}/"

        def close() -> None:
            server.should_exit = True

        site = Site(agreed, name=agreement, lang=lang, settings=settings_file(agreed), close=close)
        kept = remembered(site.settings)
        if kept is not None:
            sweep(Path(kept.out))
        # no line of the log: the addresses in it would hold the secret
        config = uvicorn.Config(make_app(site, token), log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        tell(address)
        if browse:
            webbrowser.open(address)
        server.run(sockets=[listening])
        if site.job is not None and site.job.running:
            site.job.stop()
