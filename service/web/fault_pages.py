"""Errors as pages for people. They ask no database: it may be what failed."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from service.web import requests, words

MACHINES = ("/api", "/webhooks", "/healthz", "/readyz", "/metrics", "/static", "/bootstrap")
OWN_WORDS = {400, 403, 404, 413, 429, 500, 503}


def is_for_a_person() -> bool:
    """Whether the answer is read by a person: all but the doors for machines."""
    return not request.path.startswith(MACHINES)


def page(code: str, status: int) -> Response:
    """The page of an error: what it means and what to do. `code` is that of the error, for words of its own."""
    shown = status if status in OWN_WORDS else 500 if status >= 500 else 400
    text = render_template(
        "fault.html",
        status=shown,
        reason=words.FAULTS.get(code),
        request_id=requests.current_id(),
    )
    answer = make_response(text, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
