"""The database engine: one pool per process, made after the fork."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import Connection, Engine, create_engine, event, text

STATEMENT_TIMEOUT_MS = 60_000
LOCK_TIMEOUT_MS = 30_000

set_json_loads(orjson.loads)
set_json_dumps(orjson.dumps)


def engine_of(database_url: str, *, pool_size: int = 5, application: str = "marco", redoable: bool = False) -> Engine:
    """A pooled engine. Parameters never reach a log or an error text; a dead connection is noticed at check-out.

    With `redoable` a commit does not wait for the disk: after a crash of the server the last half second of this
    work is as if it had never been begun, whole transactions only, and whatever others committed after it is
    there with it. For work that is then done again.
    """
    engine = create_engine(
        database_url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "application_name": application,
            "options": f"-c timezone=UTC -c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS}"
            " -c jit=off" + (" -c synchronous_commit=off" if redoable else ""),
        },
    )
    event.listen(engine, "handle_error", _without_detail)
    return engine


def _without_detail(context: Any) -> None:
    """Take PostgreSQL's DETAIL out of an error: it quotes the row."""
    fault = context.original_exception
    if getattr(fault, "diag", None) is not None and fault.args:
        fault.args = (str(fault.args[0]).split("\nDETAIL")[0].split("\nCONTEXT")[0],)


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One visible transaction: committed at the end of the block, undone if anything raises."""
    with engine.begin() as tx:
        yield tx


def plan_anew(tx: Connection) -> None:
    """Have each statement of this transaction planned for its own values.

    A statement asked for the eleventh time may get one plan for all values, which for a filter somebody chose is the
    right one by luck only.
    """
    tx.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """One unchanging, read-only view of the database."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection
