"""gunicorn: threads, deadlines and limits of the door. Sizes come from the settings."""

import gc
import os
import shutil
import tempfile
from typing import Any

from gunicorn.glogging import Logger

from service import cores, logs, settings

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


class Unlisted(Logger):  # type: ignore[misc]  # gunicorn has no types
    """No access log: a line per request says little that /metrics does not, and paths hold account keys.

    `accesslog = None` alone works every line out and throws it away, once `logconfig_dict` is set.
    """

    def access(self, *_: Any) -> None:
        """Nothing."""


logger_class = Unlisted
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


_cores = cores.available() if _chosen.web_pinned else cores.Cores(())


def pre_fork(server: Any, worker: Any) -> None:
    """In the master: choose a core for the process to come, also for one that replaces another."""
    worker.core = _cores.least_used(getattr(one, "core", None) for one in server.WORKERS.values())


def post_fork(_server: Any, worker: Any) -> None:
    """Every process logs masked JSON of its own, and stays on its core."""
    cores.stay_on(worker.core)
    logs.configure(_chosen.log_level)


def post_worker_init(_worker: Any) -> None:
    """What is there once the application is loaded stays: the collector need not look through it again."""
    gc.collect()
    gc.freeze()


def when_ready(server: Any) -> None:
    """The port answers from now on; say where."""
    server.log.info("Marco is ready: %s", _chosen.public_url)


def on_exit(_server: Any) -> None:
    """The counters end with the server."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
