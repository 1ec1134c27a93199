"""Which clients are asked for, as conditions on their rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from service.domain.remarks import folded as folded_tag
from service.domain.search import Term, terms

Month = tuple[int, int]
EARLIEST_MONTH, LATEST_MONTH = (2011, 1), (2040, 12)
"""Hotmart is no older; a month beyond has no clients and costs a look."""
LONGEST_MARK = 300
YEAR = len("2026")


class Period(NamedTuple):
    """From `since`, which is in, to `until`, which is out; None for no end. Aware."""

    since: datetime | None = None
    until: datetime | None = None


ANY_TIME = Period()


class Sought(NamedTuple):
    """Which clients; None asks for any.

    `product` is the id of one they bought, whatever became of it, or the name of one without id; `status` that of any
    purchase; `least` and `most` active revenue in `currency`; `bought_in` a currency they have money in;
    `subscription` are states of any, in the ledger's words; `opportunity` an open one; `import_id` whom an import's
    rows speak of.
    """

    q: str | None = None
    email: str | None = None
    product: str | None = None
    status: str | None = None
    currency: str | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    bought_in: str | None = None
    first_purchase: Period = ANY_TIME
    last_purchase: Period = ANY_TIME
    country: str | None = None
    subscription: tuple[str, ...] | None = None
    opportunity: bool | None = None
    import_id: int | None = None
    tag: str | None = None


EVERYBODY = Sought()


class Conditions:
    """What is asked for as SQL over `clients c`, with its values.

    There are two ways to ask the same: of each client on the way through an order, and of all of them at once.
    Where it `needs_looks` into other tables, the first way is dear.
    """

    def __init__(self, account_id: int, sought: Sought) -> None:
        self.account_id = account_id
        self.bought_in = sought.bought_in
        self.values: dict[str, Any] = {"account": account_id, "bought_in": sought.bought_in}
        self._asked: list[tuple[str, str]] = []
        self.needs_looks = False
        self._marks(sought)
        self._columns(sought)
        self._rows(sought)

    def __bool__(self) -> bool:
        return bool(self._asked)

    def on_the_way(self) -> str:
        """The conditions to go on with, as they are best asked of one client after the other."""
        return "".join(f" AND {one}" for one, _ in self._asked if one)

    def of_all(self) -> str:
        """The conditions to go on with, as they are best asked of everybody."""
        return "".join(f" AND {one}" for _, one in self._asked)

    def _add(self, condition: str, of_all: str | None = None, **values: Any) -> None:
        """Ask for this unless its value is None, which means any; `of_all` where that is asked in another way."""
        if all(value is not None for value in values.values()):
            self._asked.append((condition, condition if of_all is None else of_all))
            self.values |= values

    def _marks(self, sought: Sought) -> None:
        """Words and marks, which the index of them answers for everybody and a row by itself."""
        marks = [self._term(term) for term in terms(sought.q or "")]
        marks += [self._mark(kind, told) for kind, told in (("p", sought.product), ("s", sought.status)) if told]
        if sought.opportunity:
            marks.append(self._mark("o", ""))
        elif sought.opportunity is not None:
            # Not as a mark that must be absent: the index would be read from end to end for it.
            self._add("NOT c.search @@ CAST(:absent AS tsquery)", absent=self._mark("o", ""))
        coarse = [self._mark("c", sought.country)] if sought.country else []
        coarse += [self._months("f", sought.first_purchase), self._months("l", sought.last_purchase)]
        all_marks = [*marks, *filter(None, coarse)]
        if all_marks:
            one = "c.search @@ CAST(:marks AS tsquery)" if marks else ""
            self._add(one, "c.search @@ CAST(:all_marks AS tsquery)", all_marks=" & ".join(all_marks))
            self.values |= {"marks": " & ".join(marks)}

    def _columns(self, sought: Sought) -> None:
        self._add(KNOWN_BY, email=sought.email.strip().lower() if sought.email else None)
        self._add("c.country = :country", country=sought.country)
        self._add("c.first_purchase_at >= :first_since", first_since=sought.first_purchase.since)
        self._add("c.first_purchase_at < :first_until", first_until=sought.first_purchase.until)
        self._add("c.last_purchase_at >= :last_since", last_since=sought.last_purchase.since)
        self._add("c.last_purchase_at < :last_until", last_until=sought.last_purchase.until)

    def _rows(self, sought: Sought) -> None:
        """What other tables say of a client."""
        if sought.currency:
            least = "AND v.active >= :least" if sought.least is not None else ""
            most = "AND v.active <= :most" if sought.most is not None else ""
            self._one_of(OF_REVENUE.format(f"{least} {most}"), currency=sought.currency)
            self.values |= {"least": sought.least, "most": sought.most}
        self._one_of(OF_SUBSCRIPTION, subscription=list(sought.subscription) if sought.subscription else None)
        self._add(TOLD_OF.format(IMPORTED), ALL_TOLD_OF.format(IMPORTED), import_id=sought.import_id)
        self._add(
            TOLD_OF.format(TAGGED), ALL_TOLD_OF.format(TAGGED), tag=folded_tag(sought.tag) if sought.tag else None
        )

    def _one_of(self, rows: str, **values: Any) -> None:
        """Ask that there be such a row. On the way PostgreSQL may not make a join of it, which reads all rows first."""
        self._add(f"(SELECT true FROM {rows} LIMIT 1)", f"EXISTS (SELECT 1 FROM {rows})", **values)
        self.needs_looks = self.needs_looks or all(value is not None for value in values.values())

    def _mark(self, kind: str, told: str, *, begins: bool = False) -> str:
        lexeme = f"{self.account_id}{kind}{told[:LONGEST_MARK]}".replace("\\", "\\\\").replace("'", "''")
        return f"'{lexeme}'" + (":*" if begins else "")

    def _term(self, term: Term) -> str:
        if term.is_address:
            return self._mark("a", term.whole, begins=True)
        words = " & ".join(self._mark("w", word, begins=True) for word in term.words)
        ways = [f"({words})"]
        if (term.whole,) != term.words:
            ways += [self._mark("w", term.whole, begins=True), self._mark("a", term.whole, begins=True)]
        if term.digits:
            ways += [self._mark("d", term.digits, begins=True), self._mark("e", term.digits[::-1], begins=True)]
        return f"({' | '.join(ways)})"

    def _months(self, kind: str, period: Period) -> str:
        """Marks of the months a period touches: a few clients more than are in it."""
        if period == ANY_TIME:
            return ""
        first = max(_month(period.since), EARLIEST_MONTH) if period.since else EARLIEST_MONTH
        last = min(_month(period.until), LATEST_MONTH) if period.until else LATEST_MONTH
        # A beginning costs PostgreSQL a list of all whom it finds: asked for only where it stands for a whole year.
        marks = [self._mark(kind, part, begins=len(part) == YEAR) for part in _calendar(first, last)]
        return f"({' | '.join(marks)})" if marks else ""


def _calendar(first: Month, last: Month) -> Iterator[str]:
    """The years and months from one month to another, as short as can be: `2023` means all of its months."""
    for year in range(first[0], last[0] + 1):
        months = range(first[1] if year == first[0] else 1, (last[1] if year == last[0] else 12) + 1)
        yield from [str(year)] if len(months) == 12 else (f"{year}{month:02}" for month in months)


def _month(moment: datetime) -> Month:
    told = moment.astimezone(UTC)
    return told.year, told.month


# Whoever is asked for by an address that was merged into another one is who has both.
KNOWN_BY = """c.email = coalesce((SELECT a.client_email FROM aliases a
    WHERE a.account_id = :account AND a.email = :email), :email)"""
OF_REVENUE = "client_revenue v WHERE v.account_id = c.account_id AND v.client_id = c.id AND v.currency = :currency {}"
OF_SUBSCRIPTION = (
    "subscriptions u WHERE u.account_id = c.account_id AND u.client_id = c.id AND u.status = ANY(:subscription)"
)
IMPORTED = ("import_clients", "AND t.import_id = :import_id")
TAGGED = ("client_tags", "AND t.folded = :tag")
# What is told of another address of the same person is told of this client.
TOLD_OF = """coalesce(
    (SELECT true FROM {0[0]} t WHERE t.account_id = c.account_id AND t.email = c.email {0[1]} LIMIT 1),
    (SELECT true FROM aliases a JOIN {0[0]} t ON t.account_id = a.account_id AND t.email = a.email {0[1]}
        WHERE a.account_id = c.account_id AND a.client_email = c.email LIMIT 1))"""
ALL_TOLD_OF = """c.email IN (SELECT coalesce(a.client_email, t.email) FROM {0[0]} t
    LEFT JOIN aliases a ON a.account_id = t.account_id AND a.email = t.email WHERE t.account_id = :account {0[1]})"""
