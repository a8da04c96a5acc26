"""A certificate is one text, and holds only as it was signed."""

from __future__ import annotations

import base64
import json
import traceback

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.certify.certificate import (
    canonical,
    draw_signing_key,
    key_id,
    load_signing_key,
    public_bytes,
    read_certificate,
    sign,
)
from etl.errors import DisclosureRiskError, StoreError
from tests.unit.validate.tables import CANARY

KEY = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
CONTENT = {"rows": 3, "title": "마당", "files": [{"name": "data.csv"}], "k": None}
SIGNED = sign(CONTENT, KEY)


def forge(change) -> bytes:
    content = json.loads(SIGNED)
    change(content)
    return canonical(content)


def test_what_was_signed_is_read():
    assert read_certificate(SIGNED, trusted=public_bytes(KEY)) == CONTENT
    assert read_certificate(SIGNED, trusted=None) == CONTENT


def test_the_same_content_gives_the_same_bytes():
    assert sign(dict(reversed(CONTENT.items())), KEY) == SIGNED


def test_the_key_is_named():
    signature = json.loads(SIGNED)["signature"]

    assert signature["key_id"] == key_id(public_bytes(KEY))
    assert base64.b64decode(signature["public_key"]) == public_bytes(KEY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(b"", "no JSON", id="nothing"),
        pytest.param(CANARY.encode(), "no JSON", id="no JSON"),
        pytest.param(b"\xff", "no JSON", id="no text"),
        pytest.param(b"[]", "no JSON object", id="a list"),
        pytest.param(b"{}", "signature does not hold", id="no signature"),
        pytest.param(b'{"signature":1}', "signature does not hold", id="a number as signature"),
        pytest.param(b'{"signature":{}}', "signature does not hold", id="an empty signature"),
        pytest.param(
            forge(lambda c: c.update(rows=4)), "signature does not hold", id="a changed count"
        ),
        pytest.param(
            forge(lambda c: c.update(extra=CANARY)), "signature does not hold", id="an added key"
        ),
        pytest.param(forge(lambda c: c.pop("k")), "signature does not hold", id="a key less"),
        pytest.param(
            forge(lambda c: c["signature"].update(value="AAAA")),
            "signature does not hold",
            id="another signature",
        ),
        pytest.param(
            forge(lambda c: c["signature"].update(value="?")),
            "signature does not hold",
            id="a signature that is no Base64",
        ),
        pytest.param(
            forge(lambda c: c["signature"].update(public_key="AAAA")),
            "another key",
            id="a key that is too short",
        ),
        pytest.param(sign(CONTENT, OTHER), "another key", id="signed by another key"),
        pytest.param(SIGNED + b"\n", "not in canonical form", id="a line end more"),
        pytest.param(
            json.dumps(json.loads(SIGNED), ensure_ascii=False).encode(),
            "not in canonical form",
            id="blanks between",
        ),
        pytest.param(
            SIGNED.replace(b'{"files"', b'{"rows":4,"files"'),
            "not in canonical form",
            id="a repeated key, of which the last counts",
        ),
        pytest.param(b"[" * 100_000, "no JSON", id="nested without end"),
    ],
)
def test_a_forged_certificate_is_refused_and_not_quoted(text, why):
    with pytest.raises(DisclosureRiskError, match=f"does not hold: .*{why}") as caught:
        read_certificate(text, trusted=public_bytes(KEY))

    assert caught.value.exit_code == 30
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_without_a_trusted_key_the_signature_still_must_hold():
    with pytest.raises(DisclosureRiskError):
        read_certificate(forge(lambda c: c.update(rows=4)), trusted=None)


def test_a_forger_cannot_swap_the_named_key():
    def swap(content):
        public = base64.b64encode(public_bytes(OTHER)).decode()
        content["signature"].update(public_key=public)

    with pytest.raises(DisclosureRiskError, match="does not hold"):
        read_certificate(forge(swap), trusted=None)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"key_id": "0" * 16}, id="another name of the key"),
        pytest.param({"algorithm": "none"}, id="another algorithm"),
        pytest.param({"note": CANARY}, id="a note"),
    ],
)
def test_nothing_rides_along_outside_the_signature(change):
    text = forge(lambda content: content["signature"].update(change))

    with pytest.raises(DisclosureRiskError, match="not in canonical form"):
        read_certificate(text, trusted=public_bytes(KEY))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=40)
@given(content=st.dictionaries(st.text().filter(lambda key: key != "signature"), JSON))
def test_any_content_survives(content):
    try:
        signed = sign(content, KEY)
    except UnicodeEncodeError:
        return  # lone surrogates are no text

    assert read_certificate(signed, trusted=public_bytes(KEY)) == content


def test_a_number_without_end_is_no_content():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"share": float("nan")})


def test_a_drawn_key_signs():
    pem = draw_signing_key()

    assert load_signing_key(pem).public_key()
    assert draw_signing_key() != pem


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(CANARY.encode(), id="no PEM"),
        pytest.param(
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            id="a key of another kind",
        ),
        pytest.param(draw_signing_key()[:-40], id="half a key"),
    ],
)
def test_what_is_no_key_is_refused_and_not_quoted(pem):
    with pytest.raises(StoreError, match="no Ed25519 key") as caught:
        load_signing_key(pem)

    shown = "".join(traceback.format_exception(caught.value))
    assert CANARY not in shown
    assert "PRIVATE KEY" not in shown
