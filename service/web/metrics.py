"""Prometheus metrics of the door, added up over all its processes."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

REGISTRY = CollectorRegistry()
DELIVERIES = Counter(
    "marco_deliveries_received", "Deliveries at the door, by source and result", ["source", "result"], registry=REGISTRY
)
REFUSED = Counter("marco_deliveries_refused", "Posts the door refused, by code", ["code"], registry=REGISTRY)


def count_delivery(source: str, result: str) -> None:
    """One delivery was kept: accepted, duplicate or variant."""
    DELIVERIES.labels(source, result).inc()


def count_refused(code: str) -> None:
    """One post was turned away at the door."""
    REFUSED.labels(code).inc()


def of_all_processes() -> bytes:
    """The counters as Prometheus reads them; of every process where gunicorn gave them a folder to share."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # published half typed
    return generate_latest(together)
