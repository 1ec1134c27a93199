"""`make run`: everything on one machine, with nothing installed but Python.

`python -m service.runner` starts the parts that have no address, brings the schema up to date and
keeps web and workers running until Ctrl-C or SIGTERM. `python -m service.runner migrate` only brings
the schema up to date: the release step of the Procfile.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from types import FrameType

from service import logs, settings
from service.errors import MarcoError, Misconfigured
from service.local import revive, servers, settings_with
from service.privileges import die_with_parent
from service.queues import Lane
from service.settings import PUBLIC_URL_FILE, ROOT, Settings
from service.store.migrate import upgrade
from service.supervisor import Child, Supervisor, command

log = logging.getLogger(__name__)

BANNER = """\
Marco is starting at {url}  (Ctrl-C stops it; its data stays under {var})
Open that address in a browser to make its owner and a first account there, or use the command line.

In another terminal, in this folder:
  1. a first account    .venv/bin/flask --app wsgi account create "My school" --hottok my-hottok
     (prints its account key, webhook address and API token)
  2. a first postback   curl -i {url}/webhooks/hotmart/ACCOUNT_KEY -H 'X-HOTMART-HOTTOK: my-hottok' \\
                             -H 'Content-Type: application/json' -d @{postback}
  3. a first import     .venv/bin/flask --app wsgi import {export}
"""
POSTBACK = "tests/reference/payloads/v2-PURCHASE_APPROVED.json"
EXPORT = "tests/reference/exports/sales-pt.csv"


def run(chosen: Settings) -> None:
    """Start, keep running, stop. Raises Misconfigured when the port is taken."""
    refuse_a_taken_port(chosen.port)
    print(BANNER.format(url=chosen.public_url, var=chosen.var_dir, postback=POSTBACK, export=EXPORT), flush=True)
    with servers(chosen) as found, told_address(chosen):
        complete = settings_with(chosen, found)
        upgrade(complete.database_url)
        log.info("schema up to date")
        Supervisor(children(complete), enough=lambda: _keep_servers(chosen)).run()


def migrate(chosen: Settings) -> None:
    """Bring the schema of the database up to date; safe from several places at once."""
    with servers(chosen) as found:
        upgrade(found.database_url)


def children(complete: Settings) -> list[Child]:
    """The door and one worker per lane, as separate programs."""
    environment = complete.as_environment()
    python = sys.executable
    web = command(python, "-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app", environment=environment)
    # A killed runner asks its children to end, so that each can take its own children along.
    return [
        Child("web", web, death=signal.SIGTERM),
        *(
            Child(lane, command(python, "-m", "workers", lane, environment=environment), death=signal.SIGTERM)
            for lane in Lane
        ),
    ]


def refuse_a_taken_port(port: int) -> None:
    """Say so before anything is started, instead of failing over and over."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as fault:
            remedy = f"Choose another one, for example: PORT={port + 1} make run"
            raise Misconfigured(f"Port {port} cannot be used ({fault.strerror}). {remedy}") from fault


@contextlib.contextmanager
def told_address(chosen: Settings) -> Iterator[None]:
    """While we run, commands started beside us find the door without being told the port."""
    path = chosen.var_dir / PUBLIC_URL_FILE
    chosen.var_dir.mkdir(parents=True, exist_ok=True)
    path.write_text(chosen.public_url, "ascii")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _keep_servers(chosen: Settings) -> bool:
    """Looked at on every tick: a keeper that was killed is replaced. Never enough."""
    revive(chosen)
    return False


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> None:
    """Run with the settings of the environment; a fault of ours ends it with one message, not a traceback."""
    parser = argparse.ArgumentParser(prog="python -m service.runner", description="Run everything on this machine.")
    parser.add_argument("step", nargs="?", choices=["run", "migrate"], default="run")
    step = run if parser.parse_args().step == "run" else migrate
    os.chdir(ROOT)
    if "MAKELEVEL" in os.environ:
        die_with_parent(os.getppid(), signal.SIGTERM)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _stop)
    try:
        chosen = settings.load()
        logs.configure(chosen.log_level)
        step(chosen)
    except MarcoError as fault:
        sys.exit(f"marco: {fault.message}")


if __name__ == "__main__":
    main()
