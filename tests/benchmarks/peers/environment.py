"""The peers live in a virtual environment of their own, outside the tree, thrown away after the run."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.house import Failed, House

PACKAGES = (
    "dlt[postgres]==1.31.0",
    "django==5.2.19",
    "django-import-export==4.4.3",
    "tablib==3.10.0",
    "psycopg[binary]",
)
LONGEST_SECONDS = 600


class Peers:
    """Other people's tools, run as programs of their own on our file and our PostgreSQL."""

    def __init__(self, python: Path) -> None:
        self._python = python

    def seconds(self, script: str, house: House, path: Path) -> float:
        """Seconds one of them takes for the file, from its first byte to the last commit."""
        told = {"path": str(path), "host": house.socket_folder, "user": house.database.info.user}
        database = f"bench_{script}"
        house.database.execute(f"CREATE DATABASE {database}")
        try:
            with tempfile.TemporaryDirectory(prefix="marco-peer-") as home:
                said = subprocess.run(
                    [self._python, Path(__file__).with_name(f"{script}.py")],
                    input=json.dumps({**told, "database": database, "home": home}),
                    env={"HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                    cwd=home,
                    capture_output=True,
                    text=True,
                    timeout=LONGEST_SECONDS,
                    check=False,
                )
        finally:
            house.database.execute(f"DROP DATABASE {database} WITH (FORCE)")
            house.database.execute("CHECKPOINT")
        if said.returncode:
            raise Failed(f"{script} failed:\n{said.stderr[-2000:]}")
        return float(json.loads(said.stdout.splitlines()[-1])["seconds"])


@contextlib.contextmanager
def installed(kept: Path | None) -> Iterator[Peers]:
    """The peers, installed by pip; into `kept` where that is given, which is used again when it is there."""
    with contextlib.ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="marco-peers-")))
        python = folder / "bin" / "python"
        if not python.exists():
            venv.create(folder, with_pip=True)
        words = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *PACKAGES]
        subprocess.run(words, check=True, stdout=sys.stderr)
        yield Peers(python)
