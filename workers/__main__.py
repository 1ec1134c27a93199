"""`python -m workers realtime|bulk|files|deliver`: the workers of one lane.

A supervisor with two children, forked before any thread or connection: the listener (RQ, answers the
bell) and the watcher (drains by itself what the bell forgot). Either can die or hang; work goes on.
"""

from __future__ import annotations

import argparse
import os
import sys

from service import logs, settings
from service.errors import MarcoError
from service.local import attached
from service.queues import Lane
from service.supervisor import Child, Supervisor
from workers.listener import listen
from workers.watcher import watch

PATIENCE = 8.0
"""Seconds to finish what was begun, then it is rolled back; less than what whoever stops us grants (PaaS: 30)."""


def work(lane: Lane) -> None:
    """Work that lane until SIGTERM. Without addresses in the environment it joins the embedded servers."""
    complete = attached(settings.load())
    logs.configure(complete.log_level)
    os.environ.update(complete.as_environment())  # jobs are rung by name and read their settings themselves
    listener = Child(f"{lane} listener", lambda: listen(lane, complete.redis_url), patience=PATIENCE)
    watcher = Child(f"{lane} watcher", lambda: watch(lane), patience=PATIENCE)
    Supervisor([listener, watcher]).run()


def main() -> None:
    """Read the lane from the command line and work it."""
    parser = argparse.ArgumentParser(prog="python -m workers", description="Work one lane.")
    parser.add_argument("lane", choices=[lane.value for lane in Lane])
    try:
        work(Lane(parser.parse_args().lane))
    except MarcoError as fault:
        sys.exit(f"marco: {fault.message}")


if __name__ == "__main__":
    main()
