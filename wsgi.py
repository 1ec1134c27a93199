"""The application, for `gunicorn wsgi:app` and `flask --app wsgi …`.

Without DATABASE_URL or REDIS_URL it joins the embedded servers of `var/`, started if need be.
"""

from service import settings
from service.app import create_app
from service.local import attached

app = create_app(attached(settings.load()))
