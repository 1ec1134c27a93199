"""The made-up people and products that samples, seeds and tests tell of. Nobody here exists."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from unicodedata import normalize


class Product(NamedTuple):
    """One thing on sale; `price` in units of `currency`. With a `plan` it is a subscription."""

    id: int
    name: str
    price: Decimal
    currency: str
    offer: str
    ucode: str
    plan: str | None = None
    is_physical: bool = False
    warranty_days: int = 7


class Person(NamedTuple):
    """One buyer. Brazilian unless `country` says otherwise; the phone has its area code in front."""

    first_name: str
    last_name: str
    email: str
    phone: str
    document: str
    document_type: str
    city: str
    state: str
    country: str = "BR"

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


COURSE = Product(
    4100001, "Curso Fluência em 90 Dias", Decimal(297), "BRL", "k3x9q1ab", "6f0d2f0e-53c3-4c58-9d44-1a2b3c4d5e01"
)
WORKBOOK = Product(
    4100002, "Caderno de Exercícios", Decimal(47), "BRL", "b7m2p4cd", "6f0d2f0e-53c3-4c58-9d44-1a2b3c4d5e02"
)
AUDIO = Product(4100003, "Áudios do Curso", Decimal("29.90"), "BRL", "a1u5d8io", "6f0d2f0e-53c3-4c58-9d44-1a2b3c4d5e03")
CLUB = Product(
    4100004,
    "Clube de Conversação",
    Decimal("49.90"),
    "BRL",
    "c2l4u6be",
    "6f0d2f0e-53c3-4c58-9d44-1a2b3c4d5e04",
    plan="Plano Mensal",
)
MENTORING = Product(
    4100005, "Mentoria Viver de Idiomas", Decimal(1997), "BRL", "m9e8n7to", "6f0d2f0e-53c3-4c58-9d44-1a2b3c4d5e05"
)
SHIRT = Product(
    4100006,
    "Camiseta da Turma",
    Decimal("89.90"),
    "BRL",
    "s3h1r7tx",
    "6f0d2f0e-53c3-4c58-9d44-1a2b3c4d5e06",
    is_physical=True,
)
COURSE_ABROAD = Product(
    4100007, "Portuguese in 90 Days", Decimal("64.90"), "USD", "p0r7u5gu", "6f0d2f0e-53c3-4c58-9d44-1a2b3c4d5e07"
)
PRODUCTS = (COURSE, WORKBOOK, AUDIO, CLUB, MENTORING, SHIRT, COURSE_ABROAD)

FIRST_NAMES = [
    "Ana",
    "Bruno",
    "Carla",
    "Davi",
    "Elisa",
    "Fábio",
    "Gina",
    "Hugo",
    "Íris",
    "João",
    "Karen",
    "Lucas",
    "Marina",
    "Nilo",
    "Olívia",
    "Paulo",
    "Quésia",
    "Rafael",
    "Sofia",
    "Tiago",
]
LAST_NAMES = [
    "Lima",
    "Modelo",
    "Exemplo",
    "Souza",
    "Prado",
    "Teste",
    "Nunes",
    "Rocha",
    "Amaral",
    "Dias",
    "Vieira",
    "Campos",
    "Moura",
    "Pires",
    "Freitas",
]
CITIES = (
    ("São Paulo", "SP", "11"),
    ("Rio de Janeiro", "RJ", "21"),
    ("Belo Horizonte", "MG", "31"),
    ("Curitiba", "PR", "41"),
    ("Salvador", "BA", "71"),
    ("Recife", "PE", "81"),
)
ABROAD = Person("Emily", "Sample", "emily.sample@example.com", "12025550143", "", "", "Springfield", "IL", country="US")


def product_named(word: str) -> Product:
    """The product with this id, or with this word in its name. Raises LookupError naming all of them."""
    wanted = word.strip().casefold()
    for product in PRODUCTS:
        if wanted in (str(product.id), product.name.casefold()):
            return product
    found = [product for product in PRODUCTS if wanted in product.name.casefold()]
    if len(found) != 1:
        names = "; ".join(f"{product.id} {product.name}" for product in PRODUCTS)
        raise LookupError(f"'{word}' names no single product of the samples. There are: {names}")
    return found[0]


def someone(number: int) -> Person:
    """The buyer with this number, the same each time; as many different ones as there are numbers."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
    return _person(first, last, f"{plain(first)}.{plain(last)}.{number}@example.com", number)


@lru_cache(maxsize=4096)
def person_of(email: str) -> Person:
    """The buyer with this address, the same each time; the name is read out of the address."""
    if email.casefold() == ABROAD.email:
        return ABROAD
    _, _, number = email.partition("@")[0].rpartition(".")
    if number.isdecimal() and len(number) < 10 and (known := someone(int(number))).email == email:
        return known
    words = [word.capitalize() for word in email.partition("@")[0].replace("_", ".").replace("-", ".").split(".")]
    named = [word for word in words if word.isalpha()] or ["Comprador"]
    drawn = int.from_bytes(blake2b(email.encode(), digest_size=4).digest())
    return _person(named[0], " ".join(named[1:]) or "Exemplo", email, drawn)


def _person(first: str, last: str, email: str, number: int) -> Person:
    city, state, area = CITIES[number % len(CITIES)]
    # Numbers nobody has: mobile numbers do not begin with 900, and the check digits of the CPF are wrong.
    phone = f"{area}900{number % 1_000_000:06d}"
    return Person(first, last, email, phone, _document(number), "CPF", city, state)


def _document(number: int) -> str:
    digits = f"{number % 10**9:09d}"
    right = _check_digits(digits)
    return f"{digits}{(right + 1) % 100:02d}"


def _check_digits(digits: str) -> int:
    """The two check digits a CPF with these nine digits would have."""
    first = sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) * 10 % 11 % 10
    second = sum(int(digit) * (11 - place) for place, digit in enumerate(f"{digits}{first}")) * 10 % 11 % 10
    return first * 10 + second


def plain(word: str) -> str:
    """The word as an address writes it: lower case, without accents."""
    return normalize("NFKD", word).encode("ascii", "ignore").decode().lower()
