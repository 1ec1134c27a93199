"""The keys that receivers put into their addresses: shown to owners where addresses are changed, and nowhere else."""

from __future__ import annotations

import pytest

from service.domain.automation.triggers import Trigger
from service.domain.roles import Role
from tests.living import House
from tests.stories.automating import automate
from tests.web.test_pages_isolation import address, things_of, ways
from tests.web.visitors import a_member

KEY = "a-key-in-the-query"
ROOMS = ("automations.", "connections.", "overview.")


@pytest.mark.parametrize("role", [Role.READER, Role.OPERATOR])
def test_who_may_not_change_an_address_sees_its_key_on_no_page(house: House, role: Role) -> None:
    things = things_of(house)
    endpoint = things["endpoint_id"]
    things["automation_id"] = automate(
        house, Trigger.SALE_REFUNDED, destination="webhook", endpoint_id=endpoint, mapping={}, policy="always_new"
    )
    house.rows_changed("UPDATE automations SET mapping = '{}' WHERE endpoint_id = :endpoint", endpoint=endpoint)
    house.rows_changed(
        "UPDATE webhook_endpoints SET url = :url WHERE id = :endpoint",
        url=f"https://127.0.0.1/marco?key={KEY}",
        endpoint=endpoint,
    )
    visitor, seen = a_member(house.app, house.account, role), 0
    for way in ways(house.app):
        if way.method == "GET" and way.endpoint.startswith(ROOMS):
            page = visitor.get(address(house.app, way, house.account.key, things)).get_data(as_text=True)
            assert KEY not in page, way
            seen += "127.0.0.1/marco" in page
    assert seen >= 3, "the list, the third step and the addresses name it"
