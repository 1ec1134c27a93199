"""Why a card was declined: free text of any bank and language, mapped to a few reasons a seller can act on."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from unicodedata import combining, normalize

LONGEST = 500
"""Signs of a text that are looked at; banks write a sentence, and this field is open to anybody."""


class Reason(StrEnum):
    """Why a payment was declined."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    CARD_LIMIT = "card_limit"
    WRONG_CARD_DATA = "wrong_card_data"
    EXPIRED_CARD = "expired_card"
    BLOCKED_CARD = "blocked_card"
    SUSPECTED_FRAUD = "suspected_fraud"
    TOO_MANY_TRIES = "too_many_tries"
    NOT_AUTHENTICATED = "not_authenticated"
    TECHNICAL_FAULT = "technical_fault"
    BANK_DECLINED = "bank_declined"
    OTHER = "other"


WORTH_ANOTHER_TRY = {
    Reason.INSUFFICIENT_FUNDS: True,
    Reason.CARD_LIMIT: True,
    Reason.WRONG_CARD_DATA: True,
    Reason.EXPIRED_CARD: True,
    Reason.BLOCKED_CARD: True,  # not with this card, but with another one or Pix
    Reason.SUSPECTED_FRAUD: False,
    Reason.TOO_MANY_TRIES: True,
    Reason.NOT_AUTHENTICATED: True,
    Reason.TECHNICAL_FAULT: True,
    Reason.BANK_DECLINED: True,
    Reason.OTHER: True,
}
"""Whether the buyer may well succeed in another try, be it with another card."""

# The first line that matches decides, so the telling words stand before those that every refusal has ("transaction
# not authorised"), and before those that mean another thing beside them ("validade incorreta" is no expired card).
# Words are without accents and in small letters; a word is always meant whole.
WORDS: tuple[tuple[Reason, str], ...] = (
    (Reason.TECHNICAL_FAULT, "session expired|sessao expirada|sesion expirada|tempo expirado|tiempo agotado"),
    (Reason.BANK_DECLINED, "invalid transaction|transaction invalid|transacao invalida|transaccion invalida"),
    (
        Reason.SUSPECTED_FRAUD,
        (
            r"(?:anti-?)?fraud\w*|analise de risco|risk|risco|riesgo|suspeita|suspicious|suspected|sospech\w*|stolen"
            r"|roubad[oa]|robad[oa]|lost card|perdid[oa]|extraviad[oa]|pick ?up|blacklist\w*|lista negra"
        ),
    ),
    (
        Reason.TOO_MANY_TRIES,
        (
            r"(?:muitas|excess\w*|excedeu|numero de|limite de|maximo de|demasiad[oa]s|exceed\w*|many|maximum)"
            r"(?: \w+){0,3} (?:tentativas?|tries|attempts?|retries|intentos?)|retry limit"
            r"|(?:tentativas?|tries|attempts?|retries|intentos?)(?: \w+){0,2} (?:excedid\w*|exceeded|superad\w*)"
        ),
    ),
    (Reason.INSUFFICIENT_FUNDS, "saldo|no funds|funds|fundos|fondos|balance"),
    (Reason.CARD_LIMIT, "limite|limites|limit|overlimit|credito insuficiente|insufficient credit|cupo"),
    (Reason.INSUFFICIENT_FUNDS, "insuficientes?|insufficient"),
    (
        Reason.WRONG_CARD_DATA,
        (
            r"cvv2?|cvc2?|codigo de segur\w+|security code|invalid[oa]?s?|incorret[oa]s?|incorrect[oa]?s?|errad[oa]s?"
            r"|erron\w+|wrong|no such card|dados do cartao|datos de la tarjeta|card number|numero do cartao"
            r"|numero de (?:la )?tarjeta|nao confere\w?|mismatch|does not match"
        ),
    ),
    (Reason.EXPIRED_CARD, "expired|expirad[oa]|expirou|vencid[oa]|venceu|caducad[oa]|fora da validade"),
    (
        Reason.BLOCKED_CARD,
        (
            r"blocked|bloquead[oa]|bloqueio|desbloque\w+|cancelad[oa]|cancell?ed|restricao|restricoes|restringid[oa]"
            r"|restrit[oa]|restricted|restriction|restriccion|inativ[oa]|inactiv[oa]|inactive|desabilitad[oa]|disabled"
            r"|deshabilitad[oa]|(?:nao|no|not) (?:habilitad[oa]|enabled|permitid[oa]|permitted|allowed|suportad[oa]"
            r"|soportad[oa]|supported)|closed account|conta encerrada"
        ),
    ),
    (
        Reason.NOT_AUTHENTICATED,
        r"3ds2?|3-?d secure|autentica\w+|authenticat\w+|nao autenticad[oa]|senha|pin|contrasena",
    ),
    (
        Reason.TECHNICAL_FAULT,
        (
            r"timeout|time-out|timed out|tempo esgotado|indisponivel|unavailable|(?:no|nao) dispon\w+|fora do ar"
            r"|communication|comunicacao|comunicacion|(?:system|internal|processing) error|erro (?:interno|no sistema)"
            r"|erro de processamento|error (?:interno|de procesamiento)|gateway"
        ),
    ),
    (
        Reason.BANK_DECLINED,
        (
            r"(?:nao|no|not) (?:foi |fue |been )?(?:autorizad[oa]|authori[sz]ed|aprovad[oa]|aprobad[oa]|approved)"
            r"|unauthori[sz]ed|negad[oa]|denied|denegad[oa]|declin\w+|recusad[oa]|recusou|refused|rechazad[oa]"
            r"|rejeitad[oa]|rejected|do not honou?r|banco|bank|emissora?|issuer|emisora?|operadora"
        ),
    ),
)
PATTERNS = tuple((reason, re.compile(rf"(?<!\w)(?:{words})(?!\w)")) for reason, words in WORDS)


@lru_cache(maxsize=2048)
def reason_of(refusal: str | None) -> Reason | None:
    """The reason behind a refusal text; None where there is none, OTHER where it tells nothing (`UNKNOWN`, `fail`).

    Hotmart hands on what the bank wrote, in the buyer's or the bank's language (webhook reference 6.6).
    The text itself is kept beside the reason, as it came.
    """
    if refusal is None or not refusal.strip():
        return None
    words = _plain(refusal[:LONGEST])
    return next((reason for reason, pattern in PATTERNS if pattern.search(words)), Reason.OTHER)


def _plain(text: str) -> str:
    """Small letters without accents, every run of white space and underscores one space."""
    bare = "".join(sign for sign in normalize("NFKD", text).lower() if not combining(sign))
    return re.sub(r"[\s_]+", " ", bare)
