"""A process that keeps promises as a worker of the deliver lane does, at a pace of its own: `courier RATE`."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from service.queues import Bell
from service.settings import load
from service.store import leases
from service.store.engine import engine_of
from workers import deliver
from workers.workshop import Workshop

REST_SECONDS = 0.05


def main() -> None:
    """Deliver until somebody ends it."""
    settings = replace(load(), kommo_rate=int(sys.argv[1]))
    engine = engine_of(settings.database_url, pool_size=2, application="marco-courier", redoable=True)
    shop = Workshop(settings, engine, Bell(settings))
    while True:
        if not deliver.step(shop, (leases.KOMMO,)):
            time.sleep(REST_SECONDS)


if __name__ == "__main__":
    main()
