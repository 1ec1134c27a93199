"""Notes that people keep on clients: outside the ledger, by e-mail, so that rebuilds and undone imports keep them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from service.domain.remarks import LONGEST_NOTE, MOST_NOTES, note_text
from service.errors import Conflict, NotFound, Refused, Unprocessable

LOCK = 5
"""Space of the advisory locks on what is written about one client (1 to 4 are taken elsewhere)."""


class Writer(NamedTuple):
    """Who writes: a user, or None for a token of the API. `may_change_all` lets them change what others wrote."""

    user_id: int | None
    may_change_all: bool


class Edit(NamedTuple):
    """A new text for a note, made from its edition of this number."""

    body: str
    edition: int


COLUMNS = """notes.id, notes.email, notes.body, notes.author_id, notes.written_at, notes.edition, notes.edited_at,
    author.name AS author, editor.name AS editor"""


def of_client(
    tx: Connection, account_id: int, emails: Sequence[str], *, most: int | None = None
) -> Sequence[RowMapping]:
    """The notes on a client who is known by these e-mails, the newest first; all of them, or so many at most."""
    rows = tx.execute(
        text(
            f"SELECT {COLUMNS} FROM notes LEFT JOIN users author ON author.id = notes.author_id"
            " LEFT JOIN users editor ON editor.id = notes.edited_by"
            " WHERE notes.account_id = :account AND notes.email = ANY(:emails) ORDER BY written_at DESC, notes.id"
            " LIMIT :most"
        ),
        {"account": account_id, "emails": list(emails), "most": most},
    )
    return rows.mappings().all()


def count(tx: Connection, account_id: int, emails: Sequence[str]) -> int:
    """How many notes there are on a client who is known by these e-mails."""
    found = tx.execute(
        text("SELECT count(*) FROM notes WHERE account_id = :account AND email = ANY(:emails)"),
        {"account": account_id, "emails": list(emails)},
    )
    return int(found.scalar_one())


def write(tx: Connection, account_id: int, email: str, note_id: UUID, body: str, *, by: Writer, now: datetime) -> None:
    """Keep a new note; the same `note_id` sent again is the same note, and changes nothing.

    Raises Unprocessable (`note_empty`, `note_too_long`), and Conflict (`too_many_notes`).
    """
    kept = checked(body)
    lock(tx, account_id, email)
    number = tx.execute(
        text("SELECT count(*) FROM notes WHERE account_id = :account AND email = :email AND id <> :id"),
        {"account": account_id, "email": email, "id": note_id},
    ).scalar_one()
    if number >= MOST_NOTES:
        raise Conflict(f"A client may have {MOST_NOTES} notes at most. Delete old ones first.", code="too_many_notes")
    tx.execute(
        text(
            "INSERT INTO notes (account_id, id, email, body, author_id, written_at)"
            " VALUES (:account, :id, :email, :body, :author, :now) ON CONFLICT DO NOTHING"
        ),
        {"account": account_id, "id": note_id, "email": email, "body": kept, "author": by.user_id, "now": now},
    )


def edit(
    tx: Connection, account_id: int, emails: Sequence[str], note_id: UUID, made: Edit, *, by: Writer, now: datetime
) -> None:
    """Give a note of this client a new text.

    Raises NotFound, Refused (`not_yours`) for what somebody else wrote, Conflict (`note_changed`) where another
    edition than the one that was read is kept by now, Unprocessable like `write`.
    """
    note = _locked(tx, account_id, emails, note_id, by)
    kept = checked(made.body)
    if note["edition"] != made.edition:
        raise Conflict("Somebody changed this note meanwhile. Read it again.", code="note_changed")
    if kept == note["body"]:
        return
    tx.execute(
        text(
            "UPDATE notes SET body = :body, edition = edition + 1, edited_by = :editor, edited_at = :now"
            " WHERE account_id = :account AND id = :id"
        ),
        {"account": account_id, "id": note_id, "body": kept, "editor": by.user_id, "now": now},
    )


def delete(tx: Connection, account_id: int, emails: Sequence[str], note_id: UUID, *, by: Writer) -> None:
    """Remove a note of this client for good. Raises NotFound, and Refused (`not_yours`)."""
    _locked(tx, account_id, emails, note_id, by)
    tx.execute(
        text("DELETE FROM notes WHERE account_id = :account AND id = :id"), {"account": account_id, "id": note_id}
    )


def _locked(tx: Connection, account_id: int, emails: Sequence[str], note_id: UUID, by: Writer) -> RowMapping:
    """The note, which nobody else changes until the transaction ends."""
    found = tx.execute(
        text(
            "SELECT author_id, body, edition FROM notes"
            " WHERE account_id = :account AND id = :id AND email = ANY(:emails) FOR UPDATE"
        ),
        {"account": account_id, "id": note_id, "emails": list(emails)},
    )
    note = found.mappings().one_or_none()
    if note is None:
        raise NotFound("There is no such note.")
    if not by.may_change_all and (note["author_id"] is None or note["author_id"] != by.user_id):
        raise Refused("Only who wrote a note, or an owner of the account, may change it.", code="not_yours")
    return note


def checked(body: str) -> str:
    """The text of a note as it is kept. Raises Unprocessable (`note_empty`, `note_too_long`)."""
    kept = note_text(body)
    if not kept:
        raise Unprocessable("A note needs a text.", code="note_empty")
    if len(kept) > LONGEST_NOTE:
        raise Unprocessable(f"A note may have {LONGEST_NOTE} signs at most.", code="note_too_long")
    return kept


def lock(tx: Connection, account_id: int, email: str) -> None:
    """Be the only one who adds to this client until the transaction ends, so that limits hold."""
    tx.execute(
        text("SELECT pg_advisory_xact_lock(:space, hashtext(:client))"),
        {"space": LOCK, "client": f"{account_id} {email}"},
    )
