"""Signatures of outgoing messages, against what the specification's own Python library makes of the same words."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest

from service.connectors.webhook.signing import key_of, new_secret, signed
from service.errors import Unprocessable

OLD = "whsec_" + b64encode(bytes(range(32))).decode()
NEW = "whsec_" + b64encode(bytes(range(32, 64))).decode()
AT = datetime.fromtimestamp(1614265330, UTC)
WORDS = ("msg_p5jXN8AQM9LWM0D4loKWxJek", AT, b'{"test": 2432232314}')
# Made by standardwebhooks 1.1.0: Webhook(secret).sign(*WORDS).
BY_THE_LIBRARY = {
    OLD: "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI=",
    NEW: "v1,lIQ9xamNNsnjTnLcKevQF9eZA6DgFnOi9+/I3EzeZGQ=",
}


def test_a_signature_is_the_one_the_specifications_library_makes():
    for secret, signature in BY_THE_LIBRARY.items():
        assert signed(*WORDS, [secret]) == {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": signature,
        }


def test_with_two_live_secrets_a_receiver_that_knows_either_finds_its_signature():
    found = signed(*WORDS, [NEW, OLD])["webhook-signature"].split(" ")
    assert found == [BY_THE_LIBRARY[NEW], BY_THE_LIBRARY[OLD]]


def test_a_new_attempt_signs_its_own_time():
    later = datetime.fromtimestamp(1614265400, UTC)
    first, second = signed(*WORDS, [OLD]), signed(WORDS[0], later, WORDS[2], [OLD])
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-signature"] != second["webhook-signature"]


def test_secrets_are_made_anew_and_can_be_signed_with():
    assert new_secret() != new_secret()
    assert len(key_of(new_secret())) == 32


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_não é base64", "whsec_" + "A" * 120])
def test_what_is_no_secret_is_refused_without_being_repeated(secret):
    with pytest.raises(Unprocessable) as raised:
        signed(*WORDS, [secret])
    assert raised.value.code == "bad_secret"
    assert not secret.removeprefix("whsec_") or secret not in raised.value.message


@pytest.mark.parametrize("number", [0, 3])
def test_one_or_two_secrets_are_live(number):
    with pytest.raises(Unprocessable):
        signed(*WORDS, [OLD] * number)


@pytest.mark.parametrize("message_id", ["", "a.b", "a\nb", "não"])
def test_an_id_that_would_blur_what_is_signed_is_refused(message_id):
    with pytest.raises(Unprocessable):
        signed(message_id, AT, b"{}", [OLD])
