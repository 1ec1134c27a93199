"""Prometheus metrics: counters of this process, and gauges read from the database when asked."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

REGISTRY = CollectorRegistry()
DELIVERIES = Counter(
    "marco_deliveries_received", "Deliveries at the door, by source and result", ["source", "result"], registry=REGISTRY
)
REFUSED = Counter("marco_deliveries_refused", "Posts the door refused, by code", ["code"], registry=REGISTRY)


def count_delivery(source: str, result: str) -> None:
    """One delivery was kept: accepted, duplicate or variant."""
    DELIVERIES.labels(source, result).inc()
