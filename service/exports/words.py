"""What the words of the ledger are called in files, in pt, en and es."""

from __future__ import annotations

Words = dict[str, tuple[str, str, str]]

TITLES: Words = {
    "opportunities": ("Oportunidades", "Opportunities", "Oportunidades"),
    "steps": ("Etapas", "Steps", "Etapas"),
    "subscriptions": ("Assinaturas", "Subscriptions", "Suscripciones"),
}
STATES: Words = {
    "open": ("Em aberto", "Open", "Abierta"),
    "recovered": ("Recuperada", "Recovered", "Recuperada"),
    "superseded": ("Tentou de novo", "Tried again", "Volvió a intentar"),
}
KINDS: Words = {
    "declined_card": ("Cartão recusado", "Card declined", "Tarjeta rechazada"),
    "expired_boleto": ("Boleto vencido", "Boleto expired", "Boleto vencido"),
    "expired_pix": ("Pix expirado", "Pix expired", "Pix vencido"),
    "expired_other": ("Pagamento expirado", "Payment expired", "Pago vencido"),
    "canceled": ("Compra cancelada", "Purchase canceled", "Compra cancelada"),
    "waiting_payment": ("Aguardando pagamento", "Waiting for payment", "Esperando el pago"),
    "abandoned_cart": ("Carrinho abandonado", "Cart abandoned", "Carrito abandonado"),
    "overdue_renewal": ("Renovação atrasada", "Renewal overdue", "Renovación atrasada"),
}
REASONS: Words = {
    "insufficient_funds": ("Saldo insuficiente", "Insufficient funds", "Saldo insuficiente"),
    "card_limit": ("Limite do cartão", "Card limit", "Límite de la tarjeta"),
    "wrong_card_data": ("Dados do cartão errados", "Wrong card details", "Datos de la tarjeta incorrectos"),
    "expired_card": ("Cartão vencido", "Card expired", "Tarjeta vencida"),
    "blocked_card": ("Cartão bloqueado", "Card blocked", "Tarjeta bloqueada"),
    "suspected_fraud": ("Suspeita de fraude", "Suspected fraud", "Sospecha de fraude"),
    "too_many_tries": ("Tentativas demais", "Too many tries", "Demasiados intentos"),
    "not_authenticated": ("Sem autenticação", "Not authenticated", "Sin autenticación"),
    "technical_fault": ("Falha técnica", "Technical fault", "Falla técnica"),
    "bank_declined": ("Recusado pelo banco", "Declined by the bank", "Rechazado por el banco"),
    "other": ("Outro motivo", "Other reason", "Otro motivo"),
}
SUBSCRIPTIONS: Words = {
    "active": ("Ativa", "Active", "Activa"),
    "overdue": ("Atrasada", "Overdue", "Atrasada"),
    "canceled": ("Cancelada", "Canceled", "Cancelada"),
    "started": ("Iniciada", "Started", "Iniciada"),
    "expired": ("Expirada", "Expired", "Vencida"),
    "inactive": ("Inativa", "Inactive", "Inactiva"),
    "unknown": ("Desconhecido", "Unknown", "Desconocido"),
}
