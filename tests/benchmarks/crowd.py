"""A crowd of made-up clients, written by SQL: `python -m tests.benchmarks.crowd --clients 200000 --url URL`.

They are what the ledger would hold of them, without facts and deliveries behind: enough for every list and panel.
Numbers are drawn from hashes, so the same size gives the same crowd on the same day.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text

from service.store import accounts
from service.store.accounts import Account
from service.store.engine import engine_of, transaction
from service.store.migrate import upgrade

SLICE = 50_000
"""Clients of one transaction."""
FIRST = (
    "Maria José Ana João Antônio Francisca Carlos Paulo Pedro Adriana Juliana Márcia Fernanda Patrícia Aline Sandra"
    " Camila Amanda Bruna Jéssica Letícia Júlia Luciana Vanessa Mariana Gabriela Vera Vitória Larissa Cláudia Beatriz"
    " Rita Luana Sônia Renata Eliane Josefa Simone Natália Cristiane Carla Débora Rosângela Jaqueline Rosa Daniela"
    " Aparecida Marlene Terezinha Raimunda Andréia Fabiana Lúcia Raquel Ângela Rafaela Joana Luzia Elaine Daniele"
    " Lucas Luiz Marcos Luís Gabriel Rafael Francisco Daniel Marcelo Bruno Eduardo Felipe Raimundo Rodrigo Manoel"
    " Mateus André Fernando Fábio Leonardo Gustavo Guilherme Leandro Tiago Anderson Ricardo Márcio Jorge Sebastião"
    " Alexandre Roberto Edson Diego Vítor Sérgio Cláudio Ícaro Ubiratã Zilda Yasmin Wesley Xênia Quitéria"
).split()
LAST = (
    "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho Almeida"
    " Lopes Soares Fernandes Vieira Barbosa Rocha Dias Nascimento Andrade Moreira Nunes Marques Machado Mendes Freitas"
    " Cardoso Ramos Gonçalves Santana Teixeira Araújo Pinto Cavalcanti Monteiro Moura Correia Borges Batista Campos"
    " Assunção Conceição Guimarães Brandão Leão Muniz Paixão Queiroz Xavier Zanetti Yamamoto Kowalski Wagner Ibáñez"
).split()
MAILS = "gmail.example.com hotmail.example.com outlook.example.com yahoo.example.com empresa.example.com".split()
STATUSES = (
    *(("complete", "active"),) * 52,
    *(("approved", "active"),) * 18,
    *(("waiting_payment", "pending"),) * 4,
    ("started", "pending"),
    *(("overdue", "lost"),) * 2,
    *(("expired", "lost"),) * 6,
    *(("canceled", "lost"),) * 9,
    *(("refunded", "lost"),) * 4,
    *(("disputed", "disputed"),),
    *(("partially_refunded", "active"),),
    ("chargeback", "lost"),
    ("in_review", "pending"),
)
REASONS = ("Saldo insuficiente", "Cartão vencido", "Transação não autorizada", "Limite excedido", "Suspeita de fraude")

# h(what, n): a number from 0 on that looks drawn. Whoever came late came more often: the square root of a drawn share.
TOOLS = """
CREATE OR REPLACE FUNCTION pg_temp.h(what text, n bigint, below bigint) RETURNS bigint IMMUTABLE LANGUAGE sql
RETURN (hashtextextended(what || n, 7) & 9007199254740991) % below;
CREATE OR REPLACE FUNCTION pg_temp.word(words text[], what text, n bigint) RETURNS text IMMUTABLE LANGUAGE sql
RETURN words[1 + floor(cardinality(words) * power(pg_temp.h(what, n, 1000000) / 1000000.0, 2))::int];
"""
# Names fall off like real ones: the square of a drawn share picks the first words of the list most.
PEOPLE = """
CREATE TEMP TABLE crowd ON COMMIT DROP AS
SELECT n, md5(:account || 'c' || n)::uuid AS id, first || ' ' || last || CASE WHEN pg_temp.h('two', n, 3) = 0
        THEN ' ' || pg_temp.word(:last, 'third', n) ELSE '' END AS name,
    spaced(folded(first)) || '.' || spaced(folded(last)) || n || '@' || pg_temp.word(:mails, 'mail', n) AS email,
    CASE WHEN pg_temp.h('land', n, 20) < 17 THEN 'BR' ELSE (ARRAY['PT', 'US', 'MX', 'AR', 'ES'])[1
        + pg_temp.h('other', n, 5)] END AS country,
    '11' || lpad((900000000 + pg_temp.h('phone', n, 99999999))::text, 9, '9') AS phone,
    lpad(pg_temp.h('document', n, 99999999999)::text, 11, '0') AS document,
    CAST(:now AS timestamptz) - interval '1095 days' + interval '1 second' * floor(94608000
        * sqrt(pg_temp.h('came', n, 1000000) / 1000000.0)) AS came_at
FROM (SELECT n, pg_temp.word(:first, 'first', n) AS first, pg_temp.word(:last, 'last', n) AS last
    FROM generate_series(CAST(:begin AS bigint), CAST(:end AS bigint)) AS n) named
"""
BOUGHT = """
CREATE TEMP TABLE bought ON COMMIT DROP AS
SELECT c.n, c.id, c.email, c.country, 'HP' || k AS key, k, product, (ARRAY['BRL', 'BRL', 'BRL', 'USD', 'EUR'])[1
        + CASE WHEN c.country = 'BR' THEN 0 ELSE pg_temp.h('money', k, 5) END] AS currency,
    19.9 + 10 * pg_temp.h('price', product, 60) AS price, (:statuses)[1 + drawn] AS status,
    (:categories)[1 + drawn] AS category,
    c.came_at + least(interval '360 days', CAST(:now AS timestamptz) - c.came_at) * (k % 3) / 2
        * pg_temp.h('later', k, 1000000) / 1000000 AS at,
    product % 6 = 0 AS is_plan
FROM crowd c CROSS JOIN LATERAL (
    SELECT 3 * c.n + nth AS k, pg_temp.h('drawn', 3 * c.n + nth, cardinality(:statuses)) AS drawn,
        1 + floor(60 * power(pg_temp.h('product', 3 * c.n + nth, 1000000) / 1000000.0, 2))::int AS product
    FROM generate_series(0, 2) AS nth) p
"""
PURCHASES = """
INSERT INTO purchases (account_id, key, subject, transaction, email, client_id, status, category, product_id,
    product_name, offer_code, offer_name, coupon, paid_value, paid_currency, gross_value, gross_currency, gross_basis,
    net_value, net_currency, fee_value, fee_currency, affiliate_commission_value, affiliate_commission_currency,
    payment_type, installments, recurrence_number, subscriber_code, plan_name, order_group, is_bump, src, sck,
    affiliate, affiliate_code, sold_as, refusal_reason, country, flags, ordered_at, approved_at, due_at, warranty_on,
    as_of)
SELECT :account, key, 't:' || key, key, email, id, status, category, (770000 + product)::text, 'Curso ' || product,
    'of' || product % 7, 'Oferta ' || product % 7, CASE WHEN k % 9 = 0 THEN 'PROMO' || k % 5 END, price * 1.05,
    currency, price, currency, 'gross', CASE WHEN category = 'active' THEN round(price * 0.9, 2) END, currency,
    round(price * 0.1, 2), currency, CASE WHEN k % 10 < 2 THEN round(price * 0.4, 2) END,
    CASE WHEN k % 10 < 2 THEN currency END,
    (ARRAY['CREDIT_CARD', 'CREDIT_CARD', 'PIX', 'PIX', 'BILLET', 'PAYPAL'])[1 + pg_temp.h('pay', k, 6)],
    1 + pg_temp.h('times', k, 12), CASE WHEN is_plan THEN 1 END, CASE WHEN is_plan THEN 'SUB' || k END,
    CASE WHEN is_plan THEN 'Mensal' END, key, k % 17 = 0,
    CASE WHEN k % 3 > 0 THEN (ARRAY['instagram', 'facebook', 'google', 'email', 'youtube'])[1
        + pg_temp.h('src', k, 5)] END,
    CASE WHEN k % 4 > 0 THEN 'campanha' || k % 40 || '|anuncio' || k % 7 END,
    CASE WHEN k % 10 < 2 THEN 'Afiliado ' || k % 50 END, CASE WHEN k % 10 < 2 THEN 'AF' || k % 50 END, 'producer',
    CASE WHEN status = 'canceled' THEN (:reasons)[1 + k % 5] END, country, '', at,
    CASE WHEN category <> 'pending' AND status NOT IN ('canceled', 'expired', 'overdue')
        THEN at + interval '1 minute' END, at + interval '3 days', (at + interval '7 days')::date,
    at + interval '1 hour'
FROM bought
"""
MILESTONES = """
INSERT INTO milestones (account_id, kind, key, subject, id, email, client_id, occurred_at, approximate, times, last_at,
    product_id, product_name, transaction, amount_value, amount_currency, status, detail, source, delivery_id)
SELECT :account, kind, key, 't:' || key, md5(:account || kind || key)::uuid, email, id, moment, false, 1, moment,
    (770000 + product)::text, 'Curso ' || product, key, price, currency, status,
    CASE WHEN kind = 'canceled' THEN (:reasons)[1 + k % 5] END, 'hotmart', 0
FROM bought CROSS JOIN LATERAL (
    SELECT 'approved' AS kind, at + interval '1 minute' AS moment
        WHERE category <> 'pending' AND status NOT IN ('canceled', 'expired', 'overdue')
    UNION ALL SELECT 'complete', at + interval '7 days' WHERE status = 'complete'
    UNION ALL SELECT 'payment_issued', at WHERE status IN ('waiting_payment', 'expired')
    UNION ALL SELECT status, at + interval '5 days' WHERE status NOT IN ('approved', 'complete', 'started',
        'waiting_payment', 'in_review')
    UNION ALL SELECT 'cart_abandoned', at - interval '1 day' WHERE k % 20 = 0
    UNION ALL SELECT 'first_access', at + interval '1 hour' WHERE category = 'active' AND k % 3 > 0
) steps
"""
REVENUE = """
INSERT INTO client_revenue (account_id, client_id, currency, active, lost, disputed, pending, net, purchases, first_at,
    last_at)
SELECT :account, id, currency, coalesce(sum(price) FILTER (WHERE category = 'active'), 0),
    coalesce(sum(price) FILTER (WHERE category = 'lost'), 0),
    coalesce(sum(price) FILTER (WHERE category = 'disputed'), 0),
    coalesce(sum(price) FILTER (WHERE category = 'pending'), 0),
    coalesce(sum(round(price * 0.9, 2)) FILTER (WHERE category = 'active'), 0),
    count(*) FILTER (WHERE category = 'active'), min(at + interval '1 minute') FILTER (WHERE category = 'active'),
    max(at + interval '1 minute') FILTER (WHERE category = 'active')
FROM bought GROUP BY id, currency
"""
SUBSCRIPTIONS = """
INSERT INTO subscriptions (account_id, code, email, client_id, product_id, product_name, plan_name, status,
    next_charge_at, canceled_at, first_at, last_at, charges)
SELECT :account, 'SUB' || k, email, id, (770000 + product)::text, 'Curso ' || product, 'Mensal', state,
    CASE WHEN state = 'active' THEN at + interval '30 days' END,
    CASE WHEN state = 'canceled_by_customer' THEN at + interval '60 days' END, at, at, 1
FROM (SELECT *, (ARRAY['active', 'active', 'active', 'canceled_by_customer', 'overdue'])[1
    + pg_temp.h('state', k, 5)] AS state FROM bought WHERE is_plan) b
"""
OPPORTUNITIES = """
INSERT INTO opportunities (account_id, key, client_id, product_id, product_name, offer_code, offer_name, kind, state,
    attempts, purchase_key, amount_value, amount_currency, payment_type, reason, refusal, opened_at, last_at,
    recovered_by, recovered_at, recovered_value, recovered_currency)
SELECT :account, 't:' || key, id, (770000 + product)::text, 'Curso ' || product, 'of' || product % 7,
    'Oferta ' || product % 7, kind, CASE WHEN is_won THEN 'recovered' ELSE 'open' END, 1 + k % 3, key, price,
    currency, 'CREDIT_CARD', CASE WHEN status = 'canceled' THEN (ARRAY['insufficient_funds', 'expired_card',
        'bank_declined', 'card_limit', 'suspected_fraud'])[1 + k % 5] END,
    CASE WHEN status = 'canceled' THEN (:reasons)[1 + k % 5] END, at, at, CASE WHEN is_won THEN key END,
    CASE WHEN is_won THEN at + interval '2 days' END, CASE WHEN is_won THEN price END,
    CASE WHEN is_won THEN currency END
FROM (SELECT *, pg_temp.h('won', k, 4) = 0 AS is_won, CASE status WHEN 'canceled' THEN 'declined_card'
    WHEN 'expired' THEN 'expired_pix' WHEN 'overdue' THEN 'overdue_renewal' ELSE status END AS kind FROM bought
    WHERE status IN ('canceled', 'expired', 'overdue', 'waiting_payment')) b
"""
CARTS = """
INSERT INTO opportunities (account_id, key, client_id, product_id, product_name, kind, state, attempts, opened_at,
    last_at, recovered_by, recovered_at, recovered_value, recovered_currency)
SELECT :account, 'c:' || key, id, (770000 + product)::text, 'Curso ' || product, 'abandoned_cart',
    CASE WHEN is_won THEN 'recovered' ELSE 'open' END, 1, at - interval '1 hour', at - interval '1 hour',
    CASE WHEN is_won THEN key END, CASE WHEN is_won THEN at END, CASE WHEN is_won THEN price END,
    CASE WHEN is_won THEN currency END
FROM (SELECT *, status IN ('approved', 'complete') AS is_won FROM bought WHERE pg_temp.h('cart', k, 12) = 0) b
"""
CLIENTS = """
INSERT INTO clients (account_id, id, email, email_text, name, phone, phone_text, document, document_type, country,
    state, city, first_seen_at, last_seen_at, purchases, first_purchase_at, last_purchase_at, search)
SELECT :account, c.id, c.email, c.email, c.name, '+55' || c.phone, c.phone, c.document, 'CPF', c.country, 'SP',
    'Campinas', b.first_seen_at, b.last_seen_at, b.purchases, b.first_at, b.last_at,
    client_search(:account, c.name, c.email, '+55' || c.phone, c.phone, c.document, c.country, b.first_at, b.last_at,
        b.marks || CASE WHEN EXISTS (SELECT 1 FROM opportunities o WHERE o.account_id = :account AND o.client_id = c.id
            AND o.state = 'open') THEN ARRAY[:account || 'o'] END)
FROM crowd c JOIN (
    SELECT id, min(at) AS first_seen_at, max(at) + interval '7 days' AS last_seen_at,
        count(*) FILTER (WHERE category = 'active') AS purchases,
        min(at + interval '1 minute') FILTER (WHERE category = 'active') AS first_at,
        max(at + interval '1 minute') FILTER (WHERE category = 'active') AS last_at,
        array_agg(:account || 's' || status) || array_agg(:account || 'p' || 770000 + product) AS marks
    FROM bought GROUP BY id) b USING (id)
"""
PRODUCTS = """
INSERT INTO products (account_id, id, name)
SELECT :account, (770000 + n)::text, 'Curso ' || n FROM generate_series(1, 60) AS n ON CONFLICT DO NOTHING
"""
STATEMENTS = (PEOPLE, BOUGHT, PURCHASES, MILESTONES, REVENUE, SUBSCRIPTIONS, OPPORTUNITIES, CARTS, CLIENTS)
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
"""They came until today, so that named periods have something to show."""


def populate(engine: Engine, account_id: int, clients: int) -> None:
    """Fill an empty account with so many clients, three purchases of each, and all that follows from them."""
    with transaction(engine) as tx:
        tx.execute(text(PRODUCTS), {"account": account_id})
    for begin in range(1, clients + 1, SLICE):
        with transaction(engine) as tx:
            tx.execute(text("SET LOCAL statement_timeout = 0"))
            _one_slice(tx, account_id, begin, min(begin + SLICE - 1, clients))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))


def _one_slice(tx: Connection, account_id: int, begin: int, end: int) -> None:
    tx.execute(text(TOOLS))
    values = {
        "account": account_id,
        "begin": begin,
        "end": end,
        "now": NOW,
        "first": FIRST,
        "last": LAST,
        "mails": MAILS,
        "statuses": [status for status, _ in STATUSES],
        "categories": [category for _, category in STATUSES],
        "reasons": list(REASONS),
    }
    for statement in STATEMENTS:
        tx.execute(text(_typed(statement)), values)


def _typed(statement: str) -> str:
    """Parameters with their types: nothing beside them tells PostgreSQL."""
    lists = {f":{name}": f"CAST(:{name} AS text[])" for name in ("first", "last", "mails", "statuses", "categories")}
    typed = statement.replace(":account", "CAST(:account AS bigint)").replace(
        "(:reasons)", "(CAST(:reasons AS text[]))"
    )
    for name, cast in lists.items():
        typed = typed.replace(f"({name},", f"({cast},").replace(f"({name})", f"({cast})")
    return typed


def new_account(engine: Engine, clients: int) -> Account:
    """An account of its own with so many clients."""
    with transaction(engine) as tx:
        account = accounts.create(tx, f"Crowd of {clients}", "America/Sao_Paulo", "producer")
    populate(engine, account.id, clients)
    return account


def main() -> None:
    """Fill a new account of the database and print its id and key."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.crowd", description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--url", required=True, help="a database for this; it is brought up to date")
    chosen = parser.parse_args()
    upgrade(chosen.url)
    begun = time.monotonic()
    account = new_account(engine_of(chosen.url), chosen.clients)
    seconds = time.monotonic() - begun
    print(f"account {account.id}, key {account.key}: {chosen.clients:,} clients in {seconds:.0f} s", file=sys.stdout)


if __name__ == "__main__":
    main()
