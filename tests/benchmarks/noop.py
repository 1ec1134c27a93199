"""The yardstick of the door: a Flask endpoint that does nothing, for the same gunicorn and the same load."""

from __future__ import annotations

from flask import Flask

app = Flask("noop")


@app.post("/webhooks/hotmart/<account_key>")
def hotmart(account_key: str) -> dict[str, str]:
    """The door's answer, without the door."""
    return {"status": "accepted"}
