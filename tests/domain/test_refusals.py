"""Refusal texts, as banks and Hotmart write them in three languages, and as nobody should."""

from __future__ import annotations

import pytest

from service.domain.refusals import WORTH_ANOTHER_TRY, Reason, reason_of

TOLD = {
    "Saldo insuficiente para o cartão informado. Entre em contato com a operadora.": Reason.INSUFFICIENT_FUNDS,
    "Insufficient funds": Reason.INSUFFICIENT_FUNDS,
    "Fondos insuficientes": Reason.INSUFFICIENT_FUNDS,
    "NO_FUNDS": Reason.INSUFFICIENT_FUNDS,
    "Sem saldo": Reason.INSUFFICIENT_FUNDS,
    "Saldo ou limite insuficiente": Reason.INSUFFICIENT_FUNDS,
    "Limite insuficiente": Reason.CARD_LIMIT,
    "Cartão sem limite": Reason.CARD_LIMIT,
    "Card limit exceeded": Reason.CARD_LIMIT,
    "Límite de la tarjeta excedido": Reason.CARD_LIMIT,
    "Código de segurança inválido": Reason.WRONG_CARD_DATA,
    "Incorrect CVV": Reason.WRONG_CARD_DATA,
    "Data de validade incorreta": Reason.WRONG_CARD_DATA,
    "Número de tarjeta incorrecto": Reason.WRONG_CARD_DATA,
    "Cartão vencido": Reason.EXPIRED_CARD,
    "Expired card": Reason.EXPIRED_CARD,
    "Tarjeta caducada": Reason.EXPIRED_CARD,
    (
        "Existe algum tipo de restrição no cartão. Tente realizar a compra novamente com outro cartão ou meio de"
        " pagamento."
    ): Reason.BLOCKED_CARD,
    "Cartão bloqueado": Reason.BLOCKED_CARD,
    "Restricted card": Reason.BLOCKED_CARD,
    "Tarjeta bloqueada": Reason.BLOCKED_CARD,
    "Suspeita de fraude": Reason.SUSPECTED_FRAUD,
    "Transaction declined by anti-fraud": Reason.SUSPECTED_FRAUD,
    "Sospecha de fraude": Reason.SUSPECTED_FRAUD,
    "Não autorizado: análise de risco": Reason.SUSPECTED_FRAUD,
    "Limite de tentativas excedido": Reason.TOO_MANY_TRIES,
    "Too many attempts": Reason.TOO_MANY_TRIES,
    "Demasiados intentos": Reason.TOO_MANY_TRIES,
    "3DS authentication failed": Reason.NOT_AUTHENTICATED,
    "Falha na autenticação": Reason.NOT_AUTHENTICATED,
    "Banco emissor indisponível": Reason.TECHNICAL_FAULT,
    "Gateway timeout": Reason.TECHNICAL_FAULT,
    "Session expired": Reason.TECHNICAL_FAULT,
    "Transação não autorizada. Tente novamente com outro cartão ou meio de pagamento.": Reason.BANK_DECLINED,
    "Transaction refused": Reason.BANK_DECLINED,
    "Do not honor": Reason.BANK_DECLINED,
    "Transacción rechazada por el banco": Reason.BANK_DECLINED,
    "Invalid transaction": Reason.BANK_DECLINED,
    "UNKNOWN": Reason.OTHER,
    "fail": Reason.OTHER,
}


@pytest.mark.parametrize(("text", "reason"), TOLD.items())
def test_a_refusal_text_has_its_reason(text: str, reason: Reason) -> None:
    assert reason_of(text) is reason
    assert reason_of(f"  {text.upper()}\n") is reason


def test_every_reason_is_told_by_some_text_and_says_whether_to_try_again() -> None:
    assert set(TOLD.values()) == set(Reason) == set(WORTH_ANOTHER_TRY)


@pytest.mark.parametrize("nothing", [None, "", "  \t\n"])
def test_no_text_is_no_reason(nothing: str | None) -> None:
    assert reason_of(nothing) is None


@pytest.mark.parametrize(
    "hostile",
    [
        "\x00\ud800\u202e",
        "many " * 100_000,
        "tentativas " + "a" * 1_000_000,
        "\ufdfa" * 100_000,
        "a\u0301" * 100_000,
        "=HYPERLINK(1)",
        "<script>alert(1)</script>",
        "bancofundossaldolimite",
        "\U0001f4b3",
    ],
)
def test_a_hostile_text_is_another_reason_and_takes_no_time(hostile: str) -> None:
    assert reason_of(hostile) is Reason.OTHER


def test_words_are_meant_whole() -> None:
    assert reason_of("unlimited") is Reason.OTHER
    assert reason_of("pineapple") is Reason.OTHER
