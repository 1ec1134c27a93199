"""Closed-loop load on a door: wrk where it is installed (Debian: `wrk`), else a small generator of our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from service.settings import ROOT
from tests.benchmarks.events import request_template
from tests.benchmarks.house import Failed

LONGEST_SECONDS = 30
_run_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Load:
    """What one load saw: answered requests, and how long they took."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int

    @property
    def per_second(self) -> float:
        """Good answers per second."""
        return (self.requests - self.refused) / self.seconds


def generator() -> str:
    """Which generator this machine has."""
    return "wrk" if shutil.which("wrk") else "tests/benchmarks/generator.py"


class Loading:
    """A load that is running; `finish` waits for its end."""

    def __init__(self, port: int, account_key: str, seconds: int, connections: int) -> None:
        if seconds > LONGEST_SECONDS:
            raise ValueError(f"a load lasts {LONGEST_SECONDS} seconds at most")
        with tempfile.NamedTemporaryFile(prefix="marco-request-", delete=False) as written:
            written.write(request_template(account_key))
        self._template = Path(written.name)
        environment = {**os.environ, "TEMPLATE": written.name, "FIRST": f"{next(_run_numbers)}0000000000"}
        self.running = subprocess.Popen(
            _words(port, seconds, connections), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )

    def finish(self) -> Load:
        """What it saw. Raises Failed when anything but 2xx came back: such a number would mean nothing."""
        said, _ = self.running.communicate(timeout=2 * LONGEST_SECONDS)
        self._template.unlink()
        if self.running.returncode != 0:
            raise Failed(f"the load generator ended with {self.running.returncode}")
        seen = Load(**json.loads(said.strip().splitlines()[-1]))
        if seen.refused or seen.broken or not seen.requests:
            raise Failed(f"not every post was accepted: {seen}")
        return seen


def _words(port: int, seconds: int, connections: int) -> list[str]:
    if shutil.which("wrk"):
        script = str(Path(__file__).with_name("post.lua"))
        return ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{port}"]
    return [sys.executable, "-m", "tests.benchmarks.generator", str(port), str(seconds), str(connections)]


def load(port: int, account_key: str, seconds: int, connections: int) -> Load:
    """One load from beginning to end."""
    return Loading(port, account_key, seconds, connections).finish()
