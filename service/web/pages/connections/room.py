"""What the pages of connections share: their place in the account and in the navigation."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from service.web.pages.accounts import Entry, Page, account_pages

blueprint = account_pages("connections", __name__, "/connections")
PAGE = Page(blueprint, Entry(_l("Connections"), "connections", "connections.index"))
