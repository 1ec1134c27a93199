"""Settings: one frozen object read from the environment, every fault named at once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, ValidationError, validate

from service.errors import Misconfigured

ROOT = Path(__file__).resolve().parent.parent
"""Where the code lies: `wsgi.py`, `gunicorn.conf.py` and, unless told otherwise, `var/`."""

DIALECT = "postgresql+psycopg"
POSTGRES_SCHEMES = {"postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"}
REDIS_SCHEMES = {"redis", "rediss", "unix"}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SHORTEST_SECRET = 16
USUAL_PORT = 8000
PUBLIC_URL_FILE = "public_url"
"""In `var/` while `make run` is up: the address of the running door, for commands started beside it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be chosen from outside.

    An empty `database_url` or `redis_url` means there is no address yet: `service.local` starts that
    part and gives one. Sizes are in MB of 1,048,576 bytes; days of 0 mean "keep for ever" for bodies.
    `kommo_rate` is in requests a second, of all processes and accounts together.
    """

    port: int
    public_url: str
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    secrets_keys: str = field(repr=False)
    metrics_token: str = field(repr=False)
    max_upload_mb: int
    upload_keep_days: int
    body_keep_days: int
    log_level: str
    web_processes: int
    web_threads: int
    web_pinned: bool
    webhooks_to_self: bool
    kommo_rate: int
    var_dir: Path

    @property
    def max_upload_bytes(self) -> int:
        """The largest file the door keeps, in bytes."""
        return self.max_upload_mb * 1024 * 1024

    def as_environment(self) -> dict[str, str]:
        """The same settings as variables, for processes started by this one."""
        return {name: str(getattr(self, name.lower())) for name in NAMES}


NAMES = tuple(name.upper() for name in Settings.__dataclass_fields__)
"""The variables, in the order of `.env.example`."""


def load() -> Settings:
    """The settings of this process; `.env` beside the code fills what the environment does not say.

    Raises Misconfigured with one line per fault. In embedded mode (no DATABASE_URL) a secret key is
    made once and kept in `var/secret_key`.
    """
    env = Env(eager=False)
    env.read_env(str(ROOT / ".env"), recurse=False)
    read = _read(env)
    faults: dict[str, list[str]] = {}
    try:
        env.seal()
    except EnvValidationError as fault:
        faults = {name: list(messages) for name, messages in _per_name(fault)}
    if read["database_url"] != "" and not read["secret_key"] and "SECRET_KEY" not in faults:
        faults["SECRET_KEY"] = [_KEY_REMEDY]
    if faults:
        raise Misconfigured(_sentence(faults))
    return _completed(read)


_KEY_REMEDY = (
    "needed together with DATABASE_URL; set it once, the same for all processes, "
    "to what `python -c 'import secrets; print(secrets.token_hex(32))'` prints."
)


def normalised(database_url: str) -> str:
    """The address of a PostgreSQL server in the one spelling SQLAlchemy understands (psycopg 3)."""
    scheme, separator, rest = database_url.partition("://")
    return f"{DIALECT}{separator}{rest}" if scheme in POSTGRES_SCHEMES else database_url


def _read(env: Env) -> dict[str, object]:
    """Every variable; a faulty one is remembered by `env` and told by `seal`."""
    return {
        "port": env.int("PORT", None, validate=_between(1, 65535)),
        "public_url": env.str("PUBLIC_URL", "", validate=_address({"http", "https"}, "https://marco.example.com")),
        "database_url": env.str(
            "DATABASE_URL", "", validate=_address(POSTGRES_SCHEMES, "postgresql://user:secret@host:5432/marco")
        ),
        "redis_url": env.str("REDIS_URL", "", validate=_address(REDIS_SCHEMES, "redis://:secret@host:6379/0")),
        "secret_key": env.str("SECRET_KEY", "", validate=_long_enough),
        "secrets_keys": env.str("SECRETS_KEYS", "", validate=_each_long_enough),
        "metrics_token": env.str("METRICS_TOKEN", ""),
        "max_upload_mb": env.int("MAX_UPLOAD_MB", 10, validate=_between(1, 1024)),
        "upload_keep_days": env.int("UPLOAD_KEEP_DAYS", 7, validate=_between(1, 3650)),
        "body_keep_days": env.int("BODY_KEEP_DAYS", 0, validate=_between(0, 36500)),
        "log_level": env.str("LOG_LEVEL", "INFO", validate=_one_of(LOG_LEVELS)),
        "web_processes": env.int("WEB_PROCESSES", 2, validate=_between(1, 256)),
        "web_threads": env.int("WEB_THREADS", 32, validate=_between(1, 256)),
        "web_pinned": env.bool("WEB_PINNED", True),
        "webhooks_to_self": env.bool("WEBHOOKS_TO_SELF", False),
        "kommo_rate": env.int("KOMMO_RATE", 5, validate=_between(1, 7)),
        "var_dir": env.str("VAR_DIR", ""),
    }


def _completed(read: dict[str, object]) -> Settings:
    var_dir = (ROOT / (str(read["var_dir"]) or "var")).resolve()
    read["var_dir"] = var_dir
    read["log_level"] = str(read["log_level"]).upper()
    read["database_url"] = normalised(str(read["database_url"]))
    read["public_url"] = (str(read["public_url"]) or _running_door(var_dir, read["port"])).rstrip("/")
    read["port"] = read["port"] or USUAL_PORT
    read["secret_key"] = read["secret_key"] or kept_secret(var_dir)
    return Settings(**read)  # type: ignore[arg-type]  # each value was read by its own typed reader above


def _running_door(var_dir: Path, port: object) -> str:
    """Where the door is: told by PORT, else by the `make run` that is up, else the usual port."""
    told = var_dir / PUBLIC_URL_FILE
    if port is None and told.is_file():
        return told.read_text("ascii").strip()
    return f"http://127.0.0.1:{port or USUAL_PORT}"


def kept_secret(var_dir: Path) -> str:
    """The secret key of this `var/`, made on first use; readable by its owner only."""
    path = var_dir / "secret_key"
    if not path.exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        draft = var_dir / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32), "ascii")
        try:
            # Two commands may start at once: a link, unlike a rename, never replaces the first one's.
            os.link(draft, path)
        except FileExistsError:
            return path.read_text("ascii")
        finally:
            draft.unlink()
    return path.read_text("ascii")


def _sentence(faults: dict[str, list[str]]) -> str:
    lines = [f"  {name}: {' '.join(messages)}" for name, messages in sorted(faults.items())]
    return "Settings to mend (see .env.example):\n" + "\n".join(lines)


def _per_name(fault: EnvValidationError) -> Iterable[tuple[str, Iterable[str]]]:
    said = fault.error_messages
    return said.items() if isinstance(said, Mapping) else [("settings", said)]


def _between(least: int, most: int) -> validate.Range:
    return validate.Range(least, most, error=f"must be a whole number from {least} to {most}.")


def _one_of(words: tuple[str, ...]) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value.upper() not in words:
            raise ValidationError(f"must be one of {', '.join(words)}.")

    return check


def _address(schemes: set[str], example: str) -> Callable[[str], None]:
    """A check that never repeats the value: an address may hold a password."""

    def check(value: str) -> None:
        if value and (urlsplit(value).scheme not in schemes or "://" not in value):
            raise ValidationError(f"must look like {example}")

    return check


def _long_enough(value: str) -> None:
    if value and len(value) < SHORTEST_SECRET:
        raise ValidationError(f"must have at least {SHORTEST_SECRET} characters.")


def _each_long_enough(value: str) -> None:
    for key in filter(None, (part.strip() for part in value.split(","))):
        _long_enough(key)
