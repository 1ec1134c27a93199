"""Forms with PHP's bracket keys, as Kommo sends its hooks: `leads[status][0][id]=9001001`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

MOST_FIELDS = 10_000
DEEPEST = 16
PART = re.compile(r"\[([^\[\]]*)\]")

Tree = dict[str, Any]
"""Nested names; the leaves are text. What PHP would number (`[]`, `[0]`) is named by its number."""


class NotAForm(ValueError):
    """Not a form, or one that is too large or too deep."""


def pairs_of(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form in the order they came. Raises NotAForm."""
    try:
        text = body.decode("ascii").strip()
        found = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise NotAForm("neither a form nor small enough") from None
    if not found:
        raise NotAForm("empty")
    if any(name.count("[") > DEEPEST or "\x00" in name + value for name, value in found):
        raise NotAForm("nested too deep, or with signs no database keeps")
    return found


def unfold(body: bytes) -> Tree:
    """A form as PHP would read it; of two values in one place the last. Raises NotAForm."""
    tree: Tree = {}
    for name, value in pairs_of(body):
        first = name.split("[", 1)[0]
        _put(tree, [first, *PART.findall(name)], value)
    return tree


def _put(tree: Tree, parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        name = part or str(len(tree))
        if not isinstance(tree.get(name), dict):
            tree[name] = {}
        tree = tree[name]
    tree[parts[-1] or str(len(tree))] = value


def branch(tree: Any, *names: str) -> Tree:
    """The branch under these names; an empty one where there is none."""
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}
