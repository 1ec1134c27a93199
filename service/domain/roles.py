"""Roles: what a person may do in an account."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What one person is in one account; every role may do what those after it may."""

    OWNER = "owner"
    OPERATOR = "operator"
    READER = "reader"

    @property
    def may_change(self) -> bool:
        """Work with what is there: import, replay, reveal."""
        return self is not Role.READER

    @property
    def may_manage(self) -> bool:
        """Decide who and what may come in: people, hottoks, API tokens, the account itself."""
        return self is Role.OWNER
