"""HTML cut into tags and text in one forward pass.

Not `html.parser`: it searches the rest of the page again for every tag that is never closed (seen on Python 3.11:
60 KB take 40 seconds). Here a tag, comment or script without an end takes the rest of the page with it, as in
browsers, so every character is looked at a fixed number of times, whatever the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_QUOTE_OR_END = re.compile(r"=\s*(?=([\"']))|>")
_RAW = ("script", "style")
"""What is between these tags is no HTML."""


class Token(NamedTuple):
    """A piece of a page: text (`tag` empty, entities still in it), or a tag with what is written inside it."""

    tag: str
    """Lower case; an end tag begins with `/`."""
    text: str


def tokens(page: str) -> Iterator[Token]:
    """The tags and texts of a page in order, without comments, declarations, scripts and styles."""
    at = 0
    while at < len(page):
        start = page.find("<", at)
        if start < 0:
            yield Token("", page[at:])
            return
        if start > at:
            yield Token("", page[at:start])
        name = _NAME.match(page, start)
        if name is None:
            at = _past_declaration(page, start)
            if at == start:  # a lone "less than"
                yield Token("", "<")
                at += 1
            continue
        end = _end_of_tag(page, name.end())
        if end is None:
            return
        tag = name[1].lower()
        yield Token("/" + tag if page[start + 1] == "/" else tag, page[name.end() : end])
        at = _past_raw(page, tag, end + 1) if tag in _RAW and page[start + 1] != "/" else end + 1


def _past_declaration(page: str, start: int) -> int:
    """Behind the comment, declaration or instruction that starts here; `start` itself if none does."""
    if page.startswith("<!--", start):
        end = page.find("-->", start + 4)
        return len(page) if end < 0 else end + 3
    if page.startswith(("<!", "<?", "</"), start):
        end = page.find(">", start)
        return len(page) if end < 0 else end + 1
    return start


def _end_of_tag(page: str, at: int) -> int | None:
    """Where the `>` of a tag is; the ones in quoted attributes are not."""
    while (found := _QUOTE_OR_END.search(page, at)) is not None:
        quote = found[1]
        if quote is None:
            return found.start()
        closing = page.find(quote, found.end() + 1)
        if closing < 0:
            return None
        at = closing + 1
    return None


def _past_raw(page: str, tag: str, at: int) -> int:
    end = re.compile(f"</{tag}", re.IGNORECASE).search(page, at)
    return len(page) if end is None else end.start()
