"""A Kommo for ten thousand sales: the fake of the tests, which finds by tables instead of looking at everything."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from tests.kommo import reading, writing
from tests.kommo.memory import Account, Link
from tests.kommo.rates import ALLOWED, Rates
from tests.kommo.searching import Index, phones_of, tail, texts_of
from tests.kommo.server import FakeKommo

OURS = 5
"""Requests a second we ask for where Kommo allows seven."""


class Words(Index):
    """Knows whole texts and tails of phones; parts of texts are not found, which nobody here asks for."""

    def __init__(self) -> None:
        super().__init__()
        self._ids: dict[tuple[str, str], list[int]] = defaultdict(list)

    def learn(self, kind: str, row: dict[str, Any], visible_at: float) -> None:
        """See `Index`; known at once."""
        for word in {*(text.lower() for text in texts_of(row)), *phones_of(row)}:
            self._ids[(kind, word)].append(row["id"])

    def ids(self, kind: str, words: str) -> list[int]:
        """The rows in which these words are a whole text, or the end of a phone."""
        found = [*self._ids.get((kind, words.strip().lower()), ())]
        if words.isdigit():
            found += self._ids.get((kind, tail(words) or ""), ())
        return sorted(set(found))


class Tables(Account):
    """An account that finds the links of a thing in a table."""

    def __post_init__(self) -> None:
        self.of_end: dict[tuple[str, int, str], list[Link]] = defaultdict(list)
        super().__post_init__()
        self.index = Words()

    def linked(self, kind: str, row_id: int, to_kind: str) -> list[Link]:
        """See `Account`."""
        return self.of_end.get((kind, row_id, to_kind), [])


def _link(account: Tables, wanted: Link) -> None:
    account.of_end[(wanted.from_kind, wanted.from_id, wanted.to_kind)].append(wanted)
    turned = Link(wanted.to_kind, wanted.to_id, wanted.from_kind, wanted.from_id, wanted.is_main)
    account.of_end[(wanted.to_kind, wanted.to_id, wanted.from_kind)].append(turned)


def _found(account: Tables, kind: str, _rows: list[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    index = account.index
    assert isinstance(index, Words)  # made so above
    return [account.rows[kind][row_id] for row_id in index.ids(kind, words)]


@contextlib.contextmanager
def large_kommo(per_second: int) -> Iterator[FakeKommo]:
    """A Kommo that stands to our own limit as the real one does, and bans at the first request above its own."""
    rates = Rates(per_second=per_second * ALLOWED // OURS, ban_after=1)
    quick = (patch.object(writing, "link", _link), patch.object(reading, "_found", _found))
    with quick[0], quick[1], FakeKommo(Tables(), rates=rates).running() as fake:
        yield fake
