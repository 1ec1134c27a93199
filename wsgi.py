"""The application, for `gunicorn wsgi:app` and `flask --app wsgi …`.

Without DATABASE_URL or REDIS_URL it joins the embedded servers of `var/`, started if need be.
"""

import sys

from service import settings
from service.app import create_app
from service.errors import MarcoError
from service.local import attached

try:
    app = create_app(attached(settings.load()))
except MarcoError as fault:
    sys.exit(f"marco: {fault.message}")
