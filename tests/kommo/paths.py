"""PHP's bracket keys: how Kommo reads filters and writes its hooks."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

_PART = re.compile(r"\[([^\]]*)\]")


def unfold(query: str) -> dict[str, Any]:
    """`filter[id][]=1&filter[id][]=2` as nested dicts and lists, the way PHP would read it."""
    tree: dict[str, Any] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        first = key.split("[", 1)[0]
        _put(tree, [first, *_PART.findall(key[len(first) :])], value)
    return tree


def _put(branch: dict[str, Any], parts: list[str], value: str) -> None:
    part, *rest = parts
    name = part or str(len(branch))
    if rest:
        _put(branch.setdefault(name, {}), rest, value)
    else:
        branch[name] = value


def listed(branch: Any) -> list[str]:
    """The values under `[]` or `[n]`; one bare value counts as a list of one."""
    if branch is None:
        return []
    return [str(value) for value in branch.values()] if isinstance(branch, dict) else [str(branch)]


def fold(tree: dict[str, Any]) -> str:
    """Nested dicts and lists as one form body with bracket keys; every value becomes text."""
    return urlencode(list(_flat("", tree)))


def _flat(prefix: str, node: Any) -> list[tuple[str, str]]:
    if isinstance(node, list):
        node = dict(enumerate(node))
    if isinstance(node, dict):
        return [
            pair for name, inner in node.items() for pair in _flat(f"{prefix}[{name}]" if prefix else str(name), inner)
        ]
    return [(prefix, "" if node is None else str(node))]
