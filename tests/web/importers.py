"""People who import files, without a browser, and the workers beside them."""

from __future__ import annotations

import html
import io
import re
from typing import Any

from service.domain.roles import Role
from tests.living import EXPORTS, House
from tests.web.visitors import a_member

MINE = "Transação;Status;Email;Moeda;Valor da Venda\n"
WRONG = MINE + "HP1;Aprovado;ana@example.com;BRL;1,00\nHP2;Aprovado;bia@example.com;BRL;muito\n"
SEEN = re.compile(r'name="seen" value="([^"]+)"')
TAG = re.compile(r"<[^>]+>")


def plain(page: str) -> str:
    """The words of a page, with single spaces."""
    return " ".join(html.unescape(TAG.sub(" ", page)).split())


class Importer:
    """Somebody of a house who imports files, and the workers of that house."""

    def __init__(self, house: House, role: Role = Role.OPERATOR) -> None:
        self.house, self.visitor = house, a_member(house.app, house.account, role)
        self.path = f"/a/{house.account.key}/imports"

    def uploads(self, name: str, content: bytes | None = None) -> str:
        """Upload a file; the path of its import, once a worker has looked into it."""
        content = (EXPORTS / name).read_bytes() if content is None else content
        answer = self.visitor.posts(f"{self.path}/new", file=(io.BytesIO(content), name))
        assert answer.status_code == 302, plain(answer.get_data(as_text=True))
        self.house.files()
        return str(answer.location)

    def reads(self, path: str) -> str:
        return plain(self.visitor.reads(path))

    def lands(self, path: str) -> str:
        """Where somebody who goes to this address ends up."""
        return str(self.visitor.get(path, follow_redirects=True).request.path).removeprefix(self.path)

    def maps(self, path: str, **columns: str) -> Any:
        """Send the form of the columns; `c2="paid"` maps the second column."""
        return self.visitor.posts(f"{path}/mapping", **{f"column-{name[1:]}": field for name, field in columns.items()})

    def seen(self, path: str) -> str:
        found = SEEN.search(self.visitor.reads(f"{path}/confirm"))
        assert found is not None
        return found[1]

    def begins(self, path: str, do: str, **answers: str) -> Any:
        """Press one of the buttons of step 3; the answer."""
        return self.visitor.posts(f"{path}/confirm", **{"do": do, "seen": self.seen(path), **answers})

    def tries(self, path: str, **answers: str) -> str:
        """A dry run, worked off; the words of step 3 afterwards."""
        answer = self.begins(path, "try", **answers)
        assert answer.status_code == 302, plain(answer.get_data(as_text=True))
        self.house.files()
        return self.reads(f"{path}/confirm")

    def runs(self, path: str, **answers: str) -> str:
        """The import, worked off; the words of step 5."""
        answer = self.begins(path, "run", **answers)
        assert answer.status_code == 302, plain(answer.get_data(as_text=True))
        self.house.files()
        self.house.pours()
        return self.reads(f"{path}/results")


def number_of(path: str) -> int:
    return int(path.rpartition("/")[2])


def sum_on(words: str) -> str:
    """The sum of the rows as a page prints it."""
    found = re.search(r"\d+ criadas .*? linhas no arquivo", words)
    assert found is not None, words
    return found[0]


def set_plan(house: House, plan: str) -> None:
    house.rows("UPDATE accounts SET plan = :plan WHERE id = :account RETURNING id", plan=plan)
