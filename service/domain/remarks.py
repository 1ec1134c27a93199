"""What people write about a client: notes and tags, in the spelling that is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import category, normalize

LONGEST_NOTE = 5_000
LONGEST_TAG = 40
MOST_NOTES = 500
"""Of one client."""
MOST_TAGS = 30
"""On one client."""
MOST_TAGS_OF_ACCOUNT = 1_000
BETWEEN_TAGS = re.compile(r"[,;\n]")


def note_text(written: str) -> str:
    """The text of a note as it is kept: lines end with a line feed, invisible signs and outer blanks are gone."""
    lines = normalize("NFC", written.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(sign for sign in lines if sign in "\n\t" or _is_visible(sign)).strip()


def tag_names(written: str) -> list[str]:
    """The tags in a line such as `VIP, #aluna 2026`, in its order, each once."""
    first: dict[str, str] = {}
    for part in BETWEEN_TAGS.split(written):
        if name := _tag_name(part):
            first.setdefault(folded(name), name)
    return list(first.values())


def _tag_name(written: str) -> str:
    visible = "".join(sign if _is_visible(sign) else " " for sign in normalize("NFC", written))
    return " ".join(visible.split()).lstrip("#").strip()


def folded(tag: str) -> str:
    """What makes two spellings one tag: `vip` and `VIP` are, `avó` and `avô` are not."""
    return normalize("NFKC", " ".join(tag.split()).casefold())


def too_long(names: Iterable[str]) -> list[str]:
    """Which of these tags are longer than a tag may be, spelled or folded."""
    return [name for name in names if max(len(name), len(folded(name))) > LONGEST_TAG]


def _is_visible(sign: str) -> bool:
    # Cc and Cs cannot be shown, Cf joins emoji and turns the direction of writing; the latter could disguise a text.
    return category(sign) not in {"Cc", "Cs"} and sign not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
