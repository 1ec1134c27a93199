"""Hotmart's words in its reports, in three languages: statuses, payment methods, roles.

Sources: export reference, sections 4 to 6. A word that is not here is never guessed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from service.domain.statuses import Status, status_of_word
from service.sources.spelling import plain

_STATUS_OF_LABEL = (
    (r"(parcial(mente)? reembolsad[oa]|partial(ly)? refunded)", Status.PARTIALLY_REFUNDED),
    (r"reembolsad[oa] parcial(mente)?", Status.PARTIALLY_REFUNDED),
    (r"(reembolso solicitado|(solicitacao|solicitud|pedido) de reembolso|refund requested)", Status.DISPUTED),
    (r"(charge ?back|contestacao|contestad[oa]|estornad[oa] chargeback)", Status.CHARGEBACK),
    (r"(reembolsad[oa]|refunded)", Status.REFUNDED),
    (r"(reclamad[oa]|(em |en )?disputa|disputad[oa]|disputed?|protest[oa]|protestad[oa]|claimed)", Status.DISPUTED),
    (r"(aprovad[oa]|aprobad[oa]|approved)", Status.APPROVED),
    (r"(complet[oae]|completad[oa]|completed|concluid[oa])", Status.COMPLETE),
    (r"(cancelad[oa]|cancell?ed|recusad[oa]|rechazad[oa]|refused|declined)", Status.CANCELED),
    (r"(sem (fundos|saldo)|sin fondos|no funds|bloquead[oa]|blocked)", Status.CANCELED),
    (r"(expirad[oa]|expired)", Status.EXPIRED),
    (r"(atrasad[oa]|vencid[oa]|overdue|delayed)", Status.OVERDUE),
    (r"(aguardando (o )?pag(amento|to)|esperando (el )?pago|(waiting|awaiting) payment)", Status.WAITING_PAYMENT),
    (r"(pendente|pendiente|pending)( de pag(amento|o))?", Status.WAITING_PAYMENT),
    (r"(boleto (impresso|gerado)|(billet|boleto) printed|.* pago generada)", Status.WAITING_PAYMENT),
    (r"(em analise|en analisis|under analysis|(em )?processamento|processando( transacao)?)", Status.IN_REVIEW),
    (r"(processing( transaction)?|pre venda|pre venta|pre order)", Status.IN_REVIEW),
    (r"(iniciad[oa]|started)", Status.STARTED),
)
_STATUS_PATTERNS = tuple((re.compile(pattern), status) for pattern, status in _STATUS_OF_LABEL)

_LIKELY_MEANING = (
    (re.compile(r"estorn"), Status.CHARGEBACK),
    (re.compile(r"(pag[oa]|pagad[oa]|paid|confirmad[oa]|confirmed|quitad[oa]|succeeded|success)"), Status.APPROVED),
    (re.compile(r"(devolvid[oa]|devuelt[oa]|reembolso|refund)"), Status.REFUNDED),
    (re.compile(r"cancel"), Status.CANCELED),
)


@lru_cache(maxsize=1024)
def status_of_label(label: str) -> Status | None:
    """The status a label stands for, in any case, gender and language; None for a word we do not know.

    `Estornado` is not known on purpose: importers disagree whether it is a refund or a chargeback.
    """
    known = status_of_word(label)
    if known is not None:
        return known
    word = plain(label)
    return next((status for pattern, status in _STATUS_PATTERNS if pattern.fullmatch(word)), None)


def suggested_status(label: str) -> Status | None:
    """What an unknown word probably means, to offer as an answer; never taken without one."""
    word = plain(label)
    return next((status for pattern, status in _LIKELY_MEANING if pattern.match(word)), None)


_PAYMENT_TYPES = {
    "PIX": "pix",
    "CREDIT_CARD": "cartao de credito|cartao credito|dois cartoes de credito|credit card|two credit cards|"
    "tarjeta de credito|dos tarjetas de credito|cartao",
    "BILLET": "boleto bancario|boleto|billet|bank slip",
    "FINANCED_INSTALLMENT": "parcelado hotmart|hotmart installments",
    "FINANCED_BILLET": "boleto financiado|boleto parcelado",
    "PAYPAL": "paypal",
    "PAYPAL_INTERNACIONAL": "paypal internacional",
    "WALLET": "conta hotmart saldo hotmart|cuenta hotmart saldo hotmart|saldo hotmart|hotmart balance",
    "CASH_PAYMENT": "cash payment|pagamento em dinheiro|pago en efectivo",
    "GOOGLE_PAY": "google pay",
    "APPLE_PAY": "apple pay",
    "SAMSUNG_PAY": "samsung pay",
    "PICPAY": "picpay|pic pay",
    "HYBRID": "hibrido|hybrid",
    "HOTCARD": "hotcard",
    "DIRECT_DEBIT": "debito direto|debito directo|direct debit",
    "DIRECT_BANK_TRANSFER": "transferencia bancaria direta|transferencia bancaria directa|direct bank transfer|"
    "transferencia bancaria",
    "MANUAL_TRANSFER": "transferencia manual|manual transfer",
    "ECHECK": "echeck",
}
_PAYMENT_TYPE_OF = {label: kind for kind, labels in _PAYMENT_TYPES.items() for label in labels.split("|")}


@lru_cache(maxsize=1024)
def payment_type_of(label: str) -> str:
    """Hotmart's own value for a payment label; one it has no value for (`MB WAY`) stays as it is."""
    word = plain(label)
    value = word.replace(" ", "_").upper()
    return value if value in _PAYMENT_TYPES else _PAYMENT_TYPE_OF.get(word, label)


@lru_cache(maxsize=256)
def sold_as_of(label: str) -> str | None:
    """producer, coproducer or affiliate; None for anything else this column may say."""
    word = plain(label).replace(" ", "")
    for pattern, role in ((r"co+produ", "coproducer"), (r"produ", "producer"), (r"(afiliad|affiliate)", "affiliate")):
        if re.match(pattern, word):
            return role
    return None


@lru_cache(maxsize=256)
def is_order_bump(label: str) -> bool | None:
    """Whether a sales tool is the order bump; None when the label tells nothing of the kind."""
    word = plain(label)
    if "order bump" in word or "orderbump" in word:
        return True
    return False if re.search(r"upgrade|downgrade|upsell|downsell", word) else None
