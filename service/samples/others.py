"""The shapes of everything that is no order: carts, subscriptions, the member area, logistics (sections 5 and 7)."""

from __future__ import annotations

from datetime import timedelta

from service.samples.orders import country_of
from service.samples.sale import Event, Sale, digits_of, millis, number


def cart(sale: Sale) -> Event:
    """`PURCHASE_OUT_OF_SHOPPING_CART`: no transaction, price or producer."""
    return {
        "offer": {"code": sale.product.offer},
        "product": _product(sale),
        "checkout_country": country_of(sale.buyer),
        "affiliate": True,  # true in every capture of a seller without affiliates: it says nothing
        "buyer": {"phone": sale.buyer.phone, "name": sale.buyer.name, "email": sale.buyer.email},
    }


def cancellation(sale: Sale) -> Event:
    """`SUBSCRIPTION_CANCELLATION`: what would have been charged next, and when it was canceled."""
    phone = {"dddPhone": "", "phone": "", "dddCell": sale.buyer.phone[:2], "cell": sale.buyer.phone[2:]}
    return {
        "date_next_charge": _noon_in_days(sale, 18),
        "product": _product(sale),
        "actual_recurrence_value": number(sale.price),
        "subscriber": {**_subscriber(sale), "phone": phone},
        "subscription": {"id": digits_of(sale.subscriber_code) % 10**7, "plan": _plan(sale)},
        "cancellation_date": millis(sale.at - timedelta(milliseconds=705)),
    }


def plan_switch(sale: Sale) -> Event:
    """`SWITCH_PLAN`: from the product's plan to a yearly one."""
    return {
        "switch_plan_date": millis(sale.at - timedelta(seconds=1)),
        "subscription": {
            "subscriber_code": sale.subscriber_code,
            "status": "ACTIVE",
            "product": _product(sale),
            "user": {"email": sale.buyer.email},
            "date_next_charge": _noon_in_days(sale, 30),
        },
        "plans": [
            {
                "id": sale.product.id % 10**6 + 1,
                "name": "Plano Anual",
                "offer": {"key": f"{sale.product.offer[:-1]}y"},
                "current": True,
            },
            {**_plan(sale), "offer": {"key": sale.product.offer}, "current": False},
        ],
    }


def charge_date(sale: Sale) -> Event:
    """`UPDATE_SUBSCRIPTION_CHARGE_DATE`: the next charge is ISO text here, milliseconds elsewhere."""
    next_charge = (sale.at + timedelta(days=20)).replace(hour=12, minute=0, second=0)
    return {
        "subscriber": _subscriber(sale),
        "subscription": {
            "product": _product(sale),
            "old_charge_day": sale.at.day,
            "new_charge_day": next_charge.day,
            "date_next_charge": f"{next_charge:%Y-%m-%dT%H:%M:%S}.000Z",
            "status": "ACTIVE",
        },
        "plan": {"offer": {"code": sale.product.offer}, **_plan(sale)},
    }


def first_access(sale: Sale) -> Event:
    """`CLUB_FIRST_ACCESS`."""
    return {"product": _product(sale), "user": {"name": sale.buyer.name, "email": sale.buyer.email}}


def module_completed(sale: Sale) -> Event:
    """`CLUB_MODULE_COMPLETED`: the product's id is text here."""
    name = sale.told.get("module", "Módulo 1")
    return {
        "product": {"name": sale.product.name, "id": str(sale.product.id)},
        "user": {"name": sale.buyer.name, "email": sale.buyer.email},
        "module": {"id": f"{digits_of(name) % 16**8:08x}", "name": name},
    }


def fulfillment(sale: Sale) -> Event:
    """`ORDER_FULFILLMENT`: logistics of an approved sale; it has a shopper and no buyer."""
    price = {"value": number(sale.price), "currency_value": sale.currency}
    return {
        "purchase": {
            "full_price": price,
            "price": dict(price),
            "approved_date": millis(sale.approved_at),
            "order_date": millis(sale.ordered_at),
            "id": digits_of(sale.transaction) % 10**8,
            "transaction": sale.transaction,
            "status": "APPROVED",
            "shopper": _shopper(sale),
        },
        "line_items": [_line(sale)],
        "delivery": {
            "shipping_processing_time": 2,
            "method_type": "SHIPPING",
            "delivery_time": 5,
            "destination": _address(sale),
        },
        "shipping": {
            "shipping_total_value": {"value": 15.9, "currency_value": sale.currency},
            "carrier": {"name": "CORREIOS", "code": "COR"},
            "shipping_logistics_time": 5,
            "carrier_options": {"service": "SEDEX", "code": "04014"},
            "type": "FLAT_RATE",
            "estimate_shipping_cost": {"value": 12.5, "currency_value": sale.currency},
            "shipping_markup_price": {"value": 3.4, "currency_value": sale.currency},
        },
        "fulfillment_service": {"service_type": "MANUAL"},
        "billing": _shopper(sale),
    }


def _line(sale: Sale) -> Event:
    attributes = [{"name": "Tamanho", "value": "M"}, {"name": "Cor", "value": "Azul"}]
    seller = {
        "name": "Escola Exemplo",
        "email": "escola@example.com",
        "ucode": "6f0d2f0e-53c3-4c58-9d44-1a2b3c4d5e00",
        "locale": "pt_BR",
    }
    return {
        "offer": {
            "price": {"value": number(sale.price), "currency_value": sale.currency},
            "code": sale.product.offer,
        },
        "product": {
            **_product(sale),
            "seller": seller,
            "format": "PHYSICAL",
            "support_email": "suporte@example.com",
            "ucode": sale.product.ucode,
        },
        "quantity": 1,
        "variant": {"name": "Tamanho M - Azul", "id": "var_001", "attributes": attributes, "sku": "SKU-CAM-M-AZ"},
        "dimension": {"depth": 5.0, "width": 30.0, "weight": 0.3, "height": 2.0},
    }


def _shopper(sale: Sale) -> Event:
    return {
        "country": "Brasil",
        "phone": sale.buyer.phone,
        "document": sale.buyer.document,
        "name": sale.buyer.name,
        "time_zone": "America/Sao_Paulo",
        "locale": "pt_BR",
        "ucode": f"USER{digits_of(sale.buyer.email) % 10**6}",
        "email": sale.buyer.email,
        "address": _address(sale),
    }


def _address(sale: Sale) -> Event:
    return {
        "address": "Rua Exemplo",
        "number": "100",
        "complement": "",
        "neighborhood": "Centro",
        "city": sale.buyer.city,
        "state": sale.buyer.state,
        "zip_code": "01001000",
        "country": "Brasil",
    }


def _product(sale: Sale) -> Event:
    return {"name": sale.product.name, "id": sale.product.id}


def _subscriber(sale: Sale) -> Event:
    return {"code": sale.subscriber_code, "name": sale.buyer.name, "email": sale.buyer.email}


def _plan(sale: Sale) -> Event:
    return {"name": sale.product.plan or "Plano Mensal", "id": sale.product.id % 10**6}


def _noon_in_days(sale: Sale, days: int) -> int:
    return millis((sale.at + timedelta(days=days)).replace(hour=12, minute=0, second=0, microsecond=0))
