"""What the pages of clients share: their place in the account and in the navigation."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from service.web.pages.accounts import Entry, Page, account_pages

blueprint = account_pages("clients", __name__, "/clients")
PAGE = Page(blueprint, Entry(_l("Clients"), "clients", "clients.index", at_hand=True))
