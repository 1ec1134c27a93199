"""dlt merges a sales export into three tables, as its documentation does it. Runs among the peers, not in the product.

Every value stays text, which spares dlt the reading of amounts and dates; the tables are joined by nothing.
"""

import csv
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

told = json.load(sys.stdin)
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DLT_DATA_DIR"] = told["home"]

import dlt  # noqa: E402  # it reads its settings when it is imported

CLIENT = (
    "Comprador(a);Email do(a) Comprador(a);País;Telefone;Documento;Código postal;Cidade;Estado / Província;Endereço;"
    "Bairro;Número;Complemento;Instagram"
).split(";")
MILESTONE = (
    "Código da transação;Status da transação;Data da transação;Confirmação do pagamento;Produto;Código do produto;"
    "Moeda de compra;Valor de compra com impostos"
).split(";")


def rows() -> Iterator[dict[str, str]]:
    with Path(told["path"]).open(encoding="utf-8-sig", newline="") as reading:
        yield from csv.DictReader(reading, delimiter=";")


def merged(name: str, key: list[str], columns: list[str] | None) -> Any:
    hints = {"disposition": "merge", "strategy": "upsert"}

    @dlt.resource(name=name, primary_key=key, write_disposition=hints, file_format="csv")
    def resource() -> Iterator[list[dict[str, str]]]:
        page = []
        for row in rows():
            page.append({column: row[column] for column in columns} if columns else row)
            if len(page) == 5000:
                yield page
                page = []
        yield page

    return resource


postgres = dlt.destinations.postgres(
    credentials={
        "database": told["database"],
        "username": told["user"],
        "password": "unused",
        "host": told["host"],
        "port": 5432,
    }
)
pipeline = dlt.pipeline("sales", destination=postgres, dataset_name="sales")
begun = time.perf_counter()
pipeline.run(
    [
        merged("purchases", ["Código da transação"], None),
        merged("clients", ["Email do(a) Comprador(a)"], CLIENT),
        merged("milestones", ["Código da transação", "Status da transação"], MILESTONE),
    ]
).raise_on_failed_jobs()
seconds = time.perf_counter() - begun
with pipeline.sql_client() as client:
    counts = {table: client.execute_sql(f"SELECT count(*) FROM {table}")[0][0] for table in ("purchases", "clients")}
expected = sum(1 for _ in rows())
assert counts["purchases"] == expected, (counts, expected)
print(json.dumps({"seconds": seconds, **counts}))
