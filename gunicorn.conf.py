"""gunicorn: threads, deadlines and limits of the door. Sizes come from the settings."""

import os
import shutil
import tempfile
from typing import Any

from service import logs, settings

_chosen = settings.load()
# Where the processes put their counters, so that any of them can answer for all. Set before they import the client.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="marco-metrics-")

wsgi_app = "wsgi:app"
bind = f"0.0.0.0:{_chosen.port}"
worker_class = "service.slow_clients.ImpatientWorker"
workers = _chosen.web_processes
threads = _chosen.web_threads
# Each process makes its own flusher, bell and connections: none of them survives a fork.
preload_app = False

# A process that stops beating (not: a slow request) is replaced after `timeout` seconds.
timeout = 60
graceful_timeout = 15
keepalive = 15
worker_connections = 512
backlog = 1024

limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

# X-Forwarded-* is believed from a proxy on this machine only; say otherwise with FORWARDED_ALLOW_IPS.
# Heads with both spellings of a name (X_Forwarded_For) are dropped, not mixed.
header_map = "drop"
# A socket by which the server could be steered at run time: nobody asked for one.
control_socket_disable = True

# No access log: a line per request says little that /metrics does not, and paths hold account keys.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"masked": {"()": "service.logs.formatter"}},
    "handlers": {"output": {"class": "logging.StreamHandler", "formatter": "masked", "stream": "ext://sys.stdout"}},
    "root": {"handlers": ["output"], "level": _chosen.log_level},
    "loggers": {
        "gunicorn.error": {"handlers": [], "propagate": True, "level": _chosen.log_level},
        "gunicorn.access": {"handlers": [], "propagate": False},
    },
}


def post_fork(_server: Any, _worker: Any) -> None:
    """Every process logs masked JSON of its own."""
    logs.configure(_chosen.log_level)


def when_ready(server: Any) -> None:
    """The port answers from now on; say where."""
    server.log.info("Marco is ready: %s", _chosen.public_url)


def on_exit(_server: Any) -> None:
    """The counters end with the server."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
