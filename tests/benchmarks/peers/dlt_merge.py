"""dlt merges a sales export into three tables, as its documentation does it. Runs among the peers, not in the product.

Every value stays text, which spares dlt the reading of amounts and dates; the tables are joined by nothing.
"""

import csv
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

told = json.load(sys.stdin)
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DLT_DATA_DIR"] = told["home"]

import dlt  # noqa: E402  # it reads its settings when it is imported

CLIENT = (
    "Comprador(a);Email do(a) Comprador(a);País;Telefone;Documento;Código postal;Cidade;Estado / Província;Endereço;"
    "Bairro;Número;Complemento;Instagram"
).split(";")
CLIENT_KEY = "Email do(a) Comprador(a)"
MILESTONE = (
    "Código da transação;Status da transação;Data da transação;Confirmação do pagamento;Produto;Código do produto;"
    "Moeda de compra;Valor de compra com impostos"
).split(";")


def rows() -> Iterator[dict[str, str]]:
    with Path(told["path"]).open(encoding="utf-8-sig", newline="") as reading:
        yield from csv.DictReader(reading, delimiter=";")


def cut(columns: list[str]) -> Iterator[dict[str, str]]:
    return ({column: row[column] for column in columns} for row in rows())


def clients() -> Iterable[dict[str, str]]:
    """One row per address, the last one said: dlt's upsert refuses a key that comes twice in one load."""
    return {row[CLIENT_KEY]: row for row in cut(CLIENT)}.values()


def merged(name: str, key: list[str], source: Callable[[], Iterable[dict[str, str]]]) -> Any:
    hints = {"disposition": "merge", "strategy": "upsert"}

    @dlt.resource(name=name, primary_key=key, write_disposition=hints, file_format="csv")
    def resource() -> Iterator[list[dict[str, str]]]:
        remaining = iter(source())
        while page := list(islice(remaining, 5000)):
            yield page

    return resource


# dlt insists on a host; libpq lets the folder of the socket overrule it.
address = f"postgresql://{told['user']}:unused@localhost:5432/{told['database']}?host={quote(told['host'], safe='')}"
postgres = dlt.destinations.postgres(credentials=address)
pipeline = dlt.pipeline("sales", destination=postgres, dataset_name="sales")
begun = time.perf_counter()
pipeline.run(
    [
        merged("purchases", ["Código da transação"], rows),
        merged("clients", [CLIENT_KEY], clients),
        merged("milestones", ["Código da transação", "Status da transação"], lambda: cut(MILESTONE)),
    ]
).raise_on_failed_jobs()
seconds = time.perf_counter() - begun
with pipeline.sql_client() as client:
    counts = {table: client.execute_sql(f"SELECT count(*) FROM {table}")[0][0] for table in ("purchases", "clients")}
expected = sum(1 for _ in rows())
assert counts["purchases"] == expected, (counts, expected)
print(json.dumps({"seconds": seconds, **counts}))
