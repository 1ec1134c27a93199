"""Somebody before the pages of automations: forms filled and sent, pages read, what is kept looked up."""

from __future__ import annotations

import html
import re
from typing import Any

from service.domain.roles import Role
from service.store import automations
from service.store.engine import transaction
from tests.living import House
from tests.web.visitors import Visitor, a_member

CARD = {
    "destination": "kommo",
    "lead_name": "{{Produto: Nome}}",
    "lead_value": "{{Preço da compra}}",
    "name_policy": "only_if_empty",
    "price_policy": "always",
    "policy": "reuse_any_open",
}
STEPS = ("/when", "/only-if", "/then")


class Builder:
    """Somebody with a browser before the pages of automations."""

    def __init__(self, house: House, role: Role = Role.OWNER) -> None:
        self.house = house
        self.visitor: Visitor = a_member(house.app, house.account, role)
        self.path = f"/a/{house.account.key}/automations"

    def reads(self, path: str = "") -> str:
        """The words of a page, without marks."""
        return words_of(self.visitor.reads(self.path + path))

    def sends(self, path: str, /, **fields: str) -> Any:
        """A form, with the mark of the step as it is kept now unless another one is given."""
        if "seen" not in fields and not path.startswith(("/new", "/ready")) and path.endswith(STEPS):
            fields["seen"] = self.mark(path)
        return self.visitor.posts(self.path + path, **fields)

    def mark(self, path: str) -> str:
        """The mark a step's form carries."""
        found = re.search(r'name="seen" value="(\w+)"', self.visitor.reads(self.path + path))
        return found[1] if found else ""

    def begins(self, ready: str = "sale_approved") -> int:
        """A draft of a ready automation; its id."""
        answer = self.sends("/ready", ready=ready)
        return int(answer.location.split("/")[-2])

    def kept(self, automation: int) -> Any:
        """An automation as it is kept."""
        with transaction(self.house.shop.engine) as tx:
            return automations.find(tx, self.house.account.id, automation)


def words_of(page: str) -> str:
    """The words of a page, as people read them."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
