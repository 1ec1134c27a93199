"""Speed and memory of the sales export: `python -m tests.benchmarks.exporting 10000 200000`.

Each file is written by a process of its own, over a database with that many sales and nothing else.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psutil
from sqlalchemy import text

from service.exports.sales import Asked, sales_file
from service.local import servers, settings_with
from service.store import accounts
from service.store.accounts import Account
from service.store.engine import engine_of, transaction
from service.store.migrate import upgrade
from tests.conftest import settings_in

LOOK_SECONDS = 0.1
MB = 2**20
SALES = """
INSERT INTO purchases (account_id, key, subject, transaction, email, client_id, status, category, product_id,
    product_name, offer_code, paid_value, paid_currency, gross_value, gross_currency, gross_basis, net_value,
    net_currency, payment_type, installments, order_group, is_bump, src, sck, sold_as, flags, ordered_at, approved_at,
    as_of)
SELECT :account, 'HP' || n, 't:HP' || n, 'HP' || n, 'buyer' || n || '@example.com', NULL, 'approved', 'active',
    '7771', 'A course', 'abc123', 197 + n % 50, 'BRL', 190 + n % 50, 'BRL', 'gross', 170.55, 'BRL', 'PIX', 1, 'HP' || n,
    false, 'ads', 'campaign' || n % 30, 'producer', '', :now - n * interval '1 minute', :now - n * interval '1 minute',
    :now
FROM generate_series(1, :rows) AS n
"""
CLIENTS = """
INSERT INTO clients (account_id, id, email, name, phone, phone_text, document, country, city, first_seen_at,
    last_seen_at)
SELECT :account, gen_random_uuid(), 'buyer' || n || '@example.com', 'Buyer ' || n, '+55119' || 10000000 + n,
    '119' || 10000000 + n, lpad(n::text, 11, '0'), 'BR', 'Recife', :now, :now
FROM generate_series(1, :rows) AS n
"""
MENTIONS = """
INSERT INTO mentions (account_id, kind, about, story, subject, first_at, last_at, layers)
SELECT :account, 'client', c.email, 't:HP' || substr(c.email, 6, position('@' IN c.email) - 6), 't:', :now, :now,
    json_build_array(json_build_array(2, :now, 60, 'ff', json_build_object('name', c.name, 'phone', c.phone,
    'phone_text', c.phone_text, 'document', c.document, 'country', c.country, 'city', c.city)))
FROM clients c WHERE c.account_id = :account
"""


class Written(NamedTuple):
    """One file: seconds, peak PSS of its process in MB and what of that was there before, and bytes."""

    seconds: float
    peak: float
    before: float
    size: int


def filled(url: str, rows: int) -> Account:
    """An account with so many sales, each of a buyer of its own."""
    engine = engine_of(url)
    with transaction(engine) as tx:
        account = accounts.create(tx, f"Exports of {rows}", "America/Sao_Paulo", "producer")
        for statement in (SALES, CLIENTS, MENTIONS):
            values = {"account": account.id, "rows": rows, "now": datetime.now(UTC)}
            tx.execute(text(statement.replace(":now", "CAST(:now AS timestamptz)")), values)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()
    return account


def written(url: str, account: Account, form: str) -> Written:
    """Write one file in this process and throw it away."""
    process, over = psutil.Process(), threading.Event()
    before = process.memory_full_info().pss / MB
    peaks = [before]

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            peaks.append(process.memory_full_info().pss / MB)

    watcher = threading.Thread(target=look)
    watcher.start()
    begun = time.perf_counter()
    asked = Asked(form, "pt", account.zone, datetime.now(UTC))
    size = sum(map(len, sales_file(engine_of(url), account.id, asked)))
    seconds = time.perf_counter() - begun
    over.set()
    watcher.join()
    return Written(seconds, max(peaks), before, size)


def main() -> None:
    """Print one line for each number of rows and each format."""
    with tempfile.TemporaryDirectory(prefix="marco-exports-") as folder:
        settings = settings_in(Path(folder))
        with servers(settings, fast=True) as found:
            url = settings_with(settings, found).database_url
            upgrade(url)
            for rows in map(int, sys.argv[1:] or ("10000", "200000")):
                account = filled(url, rows)
                for form in ("csv", "xlsx"):
                    with multiprocessing.get_context("spawn").Pool(1) as pool:
                        one = pool.apply(written, (url, account, form))
                    print(
                        f"{form} {rows:,} rows: {rows / one.seconds:,.0f} rows/s, {one.size / MB:.1f} MB,"
                        f" peak PSS {one.peak:.0f} MB (before: {one.before:.0f})",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
