"""People who sign in. A user belongs to no account; `memberships` says what they are in which."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, text

from service.errors import Conflict, NotFound

LANGUAGES = ("pt", "en", "es")
THEMES = ("light", "dark")


class User(NamedTuple):
    """One person. `password` is an Argon2id hash; a session is valid while its epoch is this one."""

    id: int
    email: str
    name: str
    password: str
    language: str | None
    theme: str | None
    epoch: int


COLUMNS = "id, email, name, password, language, theme, epoch"


def folded(email: str) -> str:
    """An e-mail address as users are found by it."""
    return email.strip().lower()


def create(tx: Connection, email: str, name: str, password: str) -> User:
    """A new user with this password hash; from now on `/setup` is closed. Raises Conflict when the e-mail is taken."""
    _close_setup(tx)
    return _insert(tx, email, name, password)


def create_first(tx: Connection, email: str, name: str, password: str) -> User:
    """The first user of this house. Raises Conflict when there was one before; of several at once only one succeeds."""
    if not _close_setup(tx):
        raise Conflict("This Marco is already set up. Sign in instead.", code="already_set_up")
    return _insert(tx, email, name, password)


def _close_setup(tx: Connection) -> bool:
    """Whether it was open until now; a second one waits for the first one's commit."""
    return tx.execute(text("INSERT INTO founding DEFAULT VALUES ON CONFLICT DO NOTHING")).rowcount > 0


def _insert(tx: Connection, email: str, name: str, password: str) -> User:
    row = tx.execute(
        text(
            "INSERT INTO users (email, name, password) VALUES (:email, :name, :password)"
            f" ON CONFLICT (email) DO NOTHING RETURNING {COLUMNS}"
        ),
        {"email": folded(email), "name": name.strip(), "password": password},
    ).one_or_none()
    if row is None:
        raise Conflict("Somebody with this e-mail is already a user.", code="email_taken")
    return User(*row)


def setup_is_open(tx: Connection) -> bool:
    """Whether nobody was ever a user of this house."""
    return not tx.execute(text("SELECT EXISTS (SELECT 1 FROM founding)")).scalar_one()


def with_email(tx: Connection, email: str) -> User | None:
    """The user with this e-mail address, in any spelling."""
    row = tx.execute(text(f"SELECT {COLUMNS} FROM users WHERE email = :email"), {"email": folded(email)}).one_or_none()
    return User(*row) if row else None


def in_session(tx: Connection, user_id: int, epoch: int) -> User | None:
    """The user a session is of; None when its epoch is over."""
    row = tx.execute(
        text(f"SELECT {COLUMNS} FROM users WHERE id = :id AND epoch = :epoch"), {"id": user_id, "epoch": epoch}
    ).one_or_none()
    return User(*row) if row else None


def every(tx: Connection) -> list[User]:
    """All users, oldest first."""
    return [User(*row) for row in tx.execute(text(f"SELECT {COLUMNS} FROM users ORDER BY id"))]


def change_password(tx: Connection, user_id: int, password: str) -> int:
    """Set the password hash and end every session; the new epoch."""
    return _changed(tx, user_id, "password = :password, epoch = epoch + 1", password=password)


def rehash(tx: Connection, user_id: int, password: str) -> int:
    """Keep the same password in a newer kind of hash; sessions go on."""
    return _changed(tx, user_id, "password = :password", password=password)


def sign_out_everywhere(tx: Connection, user_id: int) -> int:
    """End every session of this user; the new epoch."""
    return _changed(tx, user_id, "epoch = epoch + 1")


def rename(tx: Connection, user_id: int, name: str) -> int:
    """Change how the user is called."""
    return _changed(tx, user_id, "name = :name", name=name.strip())


def speak(tx: Connection, user_id: int, language: str | None) -> int:
    """Prefer a language of LANGUAGES; None goes by the browser."""
    return _changed(tx, user_id, "language = :language", language=language)


def dress(tx: Connection, user_id: int, theme: str | None) -> int:
    """Prefer a theme of THEMES; None goes by the system."""
    return _changed(tx, user_id, "theme = :theme", theme=theme)


def _changed(tx: Connection, user_id: int, change: str, **values: str | None) -> int:
    """The user's epoch after the change. Raises NotFound."""
    epoch = tx.execute(
        text(f"UPDATE users SET {change} WHERE id = :id RETURNING epoch"), {"id": user_id, **values}
    ).scalar()
    if epoch is None:
        raise NotFound("There is no such user.")
    return int(epoch)
