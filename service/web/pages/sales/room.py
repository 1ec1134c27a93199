"""What the pages of sales share: their place in the account and in the navigation."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from service.web.pages.accounts import Entry, Page, account_pages

blueprint = account_pages("sales", __name__, "/sales")
PAGE = Page(blueprint, Entry(_l("Sales"), "sales", "sales.panel", at_hand=True))
