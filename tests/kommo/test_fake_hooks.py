"""The hooks of the fake: forms with brackets, repeated, lost, tried again, switched off."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.kommo.conftest import created
from tests.kommo.hooks import Hooks
from tests.kommo.paths import unfold


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((self.headers["Content-Type"], body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.answers = [], []
    server.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/kommo/secret"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def won_once(kommo, number: int = 1) -> None:
    for _ in range(number):
        field = [{"field_id": 880101, "values": [{"value": "HP0000000001"}]}]
        lead = created(kommo.post("leads", json=[{"price": 197.9, "custom_fields_values": field}]), "leads")
        kommo.patch(f"leads/{lead}", json={"status_id": 142, "pipeline_id": 7700100})


def test_a_stage_change_arrives_as_a_form_with_brackets_and_only_text(fake, kommo, receiver):
    kommo.post("webhooks", json={"destination": receiver.url, "settings": ["status_lead"]})
    won_once(kommo)
    Hooks(fake.account).send()
    ((kind, body),) = receiver.got
    assert kind == "application/x-www-form-urlencoded"
    told = unfold(body)
    lead = told["leads"]["status"]["0"]
    assert (lead["status_id"], lead["old_status_id"], lead["pipeline_id"]) == ("142", "61000010", "7700100")
    assert (lead["price"], lead["price_with_minor_units"], lead["name"]) == ("197", "197.9", "")
    assert lead["custom_fields"]["0"]["values"]["0"]["value"] == "HP0000000001"
    assert told["account"]["id"] == "30112233"


def test_hooks_repeat_go_missing_and_are_tried_five_times_at_most(fake, kommo, receiver):
    kommo.post("webhooks", json={"destination": receiver.url, "settings": ["status_lead"]})
    hooks = Hooks(fake.account)
    hooks.repeat(1)
    won_once(kommo)
    assert len(hooks.send()) == 2
    hooks.lose(1)
    won_once(kommo)
    assert hooks.send() == []
    receiver.answers = [500] * 9
    won_once(kommo)
    assert [len(hooks.send()) for _ in range(6)] == [1, 1, 1, 1, 1, 0]
    receiver.answers = [404] * 9
    won_once(kommo)
    assert [len(hooks.send()) for _ in range(4)] == [1, 1, 1, 0]


def test_too_many_wrong_answers_switch_the_hook_off(fake, kommo, receiver):
    kommo.post("webhooks", json={"destination": receiver.url, "settings": ["status_lead"]})
    hooks, receiver.answers = Hooks(fake.account, invalid_allowed=3), [500] * 4
    won_once(kommo, 4)
    hooks.send()
    shown = kommo.get("webhooks", params={"filter[destination]": receiver.url}).json()["_embedded"]["webhooks"]
    assert shown[0]["disabled"] is True
    won_once(kommo)
    hooks.waiting.clear()
    assert hooks.send() == []


def test_subscribing_takes_one_object_and_unsubscribing_the_address(fake, kommo):
    address = {"destination": "https://marco.example.com/hooks", "settings": ["status_lead"]}
    assert kommo.post("webhooks", json=[address]).status_code == 400
    assert kommo.post("webhooks", json={**address, "settings": ["no_such"]}).status_code == 400
    assert kommo.post("webhooks", json=address).json()["disabled"] is False
    assert kommo.request("DELETE", "webhooks", json={"destination": address["destination"]}).status_code == 204
    assert kommo.get("webhooks").status_code == 204
