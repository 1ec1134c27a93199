"""Forgery and guessing: one token per form, and so many attempts per address and per e-mail."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect
from redis import RedisError

from service.queues import impatient
from service.store.users import folded

PER_ADDRESS = "60 per 15 minutes"
PER_EMAIL = "10 per 15 minutes"
ATTEMPTS = "attempts"
LOCAL = {"127.0.0.1", "::1", "localhost"}
log = structlog.get_logger()
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via")


def client_address() -> str:
    """Who asks: the other side of the connection, or whom a trusted proxy (FORWARDED_ALLOW_IPS) names last."""
    peer = request.remote_addr or "unknown"
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1").split(",")
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return told if told and (peer in trusted or "*" in trusted) else peer


def guessed_email() -> str:
    """The e-mail a sign-in is tried for, as a digest: nothing of a person reaches Redis or the log."""
    return sha256(folded(request.form.get("email", "")).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_at_the_machine(public_url: str) -> bool:
    """Whether the browser surely runs on this machine: a local address on every side, and no proxy between."""
    hosts = (request.remote_addr, urlsplit(public_url).hostname, urlsplit(f"//{request.host}").hostname)
    return all(host in LOCAL for host in hosts) and not any(name in request.headers for name in FORWARDED)


def install(app: Flask) -> None:
    """Give the application its form tokens.

    They are asked for by the guards of the pages, after they know who comes; webhooks and API have none.
    """
    app.config |= {"WTF_CSRF_CHECK_DEFAULT": False, "WTF_CSRF_TIME_LIMIT": None}
    CSRFProtect(app)
    app.before_request_funcs[None].pop()  # its own look at every request, which by the setting above does nothing


def count_attempts(app: Flask, endpoint: str, redis_url: str) -> None:
    """Let this view be posted to only so often; 429 with Retry-After beyond that.

    Failures are counted by address, and attempts by e-mail before they are looked at, so that many at once are no
    way around it; `forgive` takes those of an e-mail back. The counts lie in Redis. While it is away each process
    counts for itself: more attempts get through than usual, but neither none nor all.
    """
    limiter = Limiter(
        client_address,
        app=app,
        storage_uri="redis://",
        storage_options={"connection_pool": impatient(redis_url).connection_pool},  # type: ignore[dict-item]  # passed on to redis-py as it is
        strategy="fixed-window",
        key_prefix="marco",
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        headers_enabled=True,
    )
    app.extensions[ATTEMPTS] = limiter
    limiter.request_filter(lambda: request.endpoint != endpoint)
    # The limiter hangs itself before every request; no other door may wait for it, nor for Redis.
    tables: list[Any] = [app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs]
    for hooks in tables:
        hooks.setdefault(endpoint.partition(".")[0], []).append(hooks[None].pop())
    view: Any = app.view_functions[endpoint]
    view = limiter.limit(PER_ADDRESS, key_func=client_address, methods=["POST"], deduct_when=_has_failed)(view)
    app.view_functions[endpoint] = limiter.limit(PER_EMAIL, key_func=guessed_email, methods=["POST"])(view)


def _has_failed(response: Response) -> bool:
    return response.status_code == 401


def forgive() -> None:
    """Whoever sent this request knows the password of their e-mail: attempts for it count from zero again."""
    limiter: Limiter = current_app.extensions[ATTEMPTS]
    for one in limiter.current_limits:
        if guessed_email() in one.request_args:
            try:
                limiter.limiter.clear(one.limit, *one.request_args)
            except RedisError as fault:
                log.warning("attempts not forgiven", fault=type(fault).__name__)
