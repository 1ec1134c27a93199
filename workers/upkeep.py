"""Periodic work: signs of life, throwing away what may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from service.store import heartbeats, lead_owners, upkeep
from service.store.engine import transaction
from workers.workshop import workshop

log = structlog.get_logger()


def beat(name: str) -> None:
    """Tell every process that this worker lives."""
    with transaction(workshop().engine) as tx:
        heartbeats.beat(tx, name)


def turn() -> None:
    """One round of upkeep, by whichever worker comes first."""
    shop, now = workshop(), datetime.now(UTC)
    with transaction(shop.engine) as tx:
        if not upkeep.try_lock(tx):
            return
        heartbeats.forget_the_dead(tx)
        lead_owners.wake(tx)
        files = upkeep.delete_files(tx, now - timedelta(days=shop.settings.upload_keep_days), now)
        bodies = 0
        if shop.settings.body_keep_days:
            bodies = upkeep.purge_bodies(tx, now - timedelta(days=shop.settings.body_keep_days))
    if files or bodies:
        log.info("upkeep", files_deleted=files, bodies_purged=bodies)
