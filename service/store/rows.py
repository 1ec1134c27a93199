"""Writing many rows of one table in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection


def columns_of(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows turned into one list for each column, as `unnest` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]


def copy(tx: Connection, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Append rows, all in one COPY."""
    raw: Any = tx.connection.driver_connection
    if not rows:
        return
    with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def upsert(
    tx: Connection, table: str, columns: tuple[str, ...], keys: tuple[str, ...], rows: list[dict[str, Any]]
) -> None:
    """Insert or replace rows, all in one statement; a row that stands as it is stays unwritten."""
    if not rows:
        return
    named = ", ".join(columns)
    values = [column for column in columns if column not in keys]
    assigned = ", ".join(f"{column} = excluded.{column}" for column in values)
    # json has no equality, so it is compared as text.
    compared = [f"{column}::text" if (table, column) == ("mentions", "layers") else column for column in values]
    stored = ", ".join(f"{table}.{column}" for column in compared)
    wanted = ", ".join(f"excluded.{column}" for column in compared)
    raw: Any = tx.connection.driver_connection
    raw.execute(
        f"INSERT INTO {table} ({named}) SELECT {named} FROM json_populate_recordset(NULL::{table}, %s::json)"
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {assigned}"
        f" WHERE ROW({stored}) IS DISTINCT FROM ROW({wanted})",
        (orjson.dumps(rows).decode(),),
    )


def delete(tx: Connection, account_id: int, table: str, keys: tuple[str, ...], gone: list[tuple[str, ...]]) -> None:
    """Take away the rows with these keys."""
    if not gone:
        return
    arrays = ", ".join("%s::text[]" for _ in keys)
    matched = " AND ".join(f"t.{key} = gone.{key}" for key in keys)
    raw: Any = tx.connection.driver_connection
    raw.execute(
        f"DELETE FROM {table} t USING unnest({arrays}) AS gone ({', '.join(keys)})"
        f" WHERE t.account_id = %s AND {matched}",
        (*(list(column) for column in zip(*gone, strict=True)), account_id),
    )
