"""The period a page looks at: named ones as links, any other by a form, all of it in the URL."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from flask import request
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from service.domain.periods import FIRST_DAY, Period, Preset, period_of
from service.web.pages.accounts import local_now

NAMES = {
    Preset.LAST_7: _l("7 days"),
    Preset.LAST_30: _l("30 days"),
    Preset.LAST_90: _l("90 days"),
    Preset.THIS_MONTH: _l("This month"),
    Preset.LAST_MONTH: _l("Last month"),
    Preset.YEAR: _l("This year"),
    Preset.ALL: _l("All time"),
}
OWN = ("period", "from", "to")
ANEW = (*OWN, "after")
"""What a link to another period does not keep: a page of the list begins anew."""


class Link(NamedTuple):
    """One named period to go to."""

    label: LazyString
    url: str
    is_here: bool


class Control(NamedTuple):
    """What the macro `period_control` draws: `kept` are the other filters, for the form of a range."""

    period: Period
    links: list[Link]
    kept: list[tuple[str, str]]
    action: str

    @property
    def name(self) -> LazyString | None:
        """What the period is called; None for a range, which is told by its days."""
        return NAMES.get(self.period.preset)

    @property
    def is_all(self) -> bool:
        """Whether no day is left out."""
        return self.period.preset is Preset.ALL

    @property
    def is_open(self) -> bool:
        """Whether it begins with whatever there is first."""
        return self.period.first == FIRST_DAY


def period_asked(usual: Preset = Preset.LAST_7) -> Period:
    """The period of this request's URL, in days of the page's account; `usual` where it asks for none."""
    first, last = (request.args.get(end, "")[:10] for end in ("from", "to"))
    named = request.args.get("period", "") or (Preset.RANGE if first or last else usual)
    return period_of(named, local_now().date(), first, last)


def named(period: Period) -> dict[str, str]:
    """The words of the URL that ask for this period."""
    if period.preset is not Preset.RANGE:
        return {"period": str(period.preset)}
    return {"period": str(Preset.RANGE), "from": period.first.isoformat(), "to": period.last.isoformat()}


def control(period: Period) -> Control:
    """The control of this page with this period chosen; links and form keep all other filters of the URL."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in ANEW and value]
    links = [
        Link(label, f"{request.path}?{urlencode([('period', preset), *kept])}", period.preset is preset)
        for preset, label in NAMES.items()
    ]
    return Control(period, links, kept, request.path)
