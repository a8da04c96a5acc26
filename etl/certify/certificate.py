"""The certificate: canonical JSON, signed, and what it takes to check one.

Canonical means: UTF-8, keys sorted, no blanks, numbers as JSON prints whole numbers. The
Ed25519 signature (RFC 8032) covers the canonical text without the signature itself, so a
third party re-checks it with the published files alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from etl.errors import DisclosureRiskError, StoreError

SIGNATURE = "signature"
KEY_ID_CHARACTERS = 16


def draw_signing_key() -> bytes:
    """Return a new signing key as PEM; keep it in a file that only its owner can read."""
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def load_signing_key(pem: bytes) -> Ed25519PrivateKey:
    """Return the key of a PEM text.

    Raises:
        StoreError: The text is no Ed25519 key.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise StoreError(
            "The signing key is no Ed25519 key. Nothing was signed or published."
            " Restore it from the backup of the secrets folder."
        )
    return key


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of a key's public half."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(content: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Return the signed certificate.

    Examples:
        >>> key = Ed25519PrivateKey.generate()
        >>> read_certificate(sign({"rows": 3}, key), trusted=public_bytes(key))["rows"]
        3
    """
    return _signed(content, public_bytes(key), key.sign(canonical(content)))


def read_certificate(text: bytes, *, trusted: bytes | None) -> dict[str, Any]:
    """Return a certificate's content once its signature holds.

    Args:
        text: The certificate's bytes.
        trusted: Public key that must have signed; None accepts the key that the certificate
            itself names, which shows integrity and not origin.

    Raises:
        DisclosureRiskError: The text is no certificate, is not in canonical form, was
            signed by another key, or the signature does not hold.
    """
    content = _parsed(text)
    signature = content.pop(SIGNATURE, None)
    try:
        public = base64.b64decode(signature["public_key"], validate=True)
        value = base64.b64decode(signature["value"], validate=True)
        if trusted is not None and public != trusted:
            raise _refuse("it was signed by another key")
        Ed25519PublicKey.from_public_bytes(public).verify(value, canonical(content))
    except (InvalidSignature, TypeError, KeyError, ValueError):
        raise _refuse("its signature does not hold") from None
    if _signed(content, public, value) != text:
        raise _refuse("it is not in canonical form")
    return content


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return the one text of a JSON object.

    Examples:
        >>> canonical({"b": 1, "a": "가"}).decode()
        '{"a":"가","b":1}'
    """
    text = json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def key_id(public: bytes) -> str:
    """Return the short name of a public key."""
    return hashlib.sha256(public).hexdigest()[:KEY_ID_CHARACTERS]


def _signed(content: Mapping[str, Any], public: bytes, value: bytes) -> bytes:
    """Return the one certificate of a content and its signature."""
    signature = {
        "algorithm": "Ed25519",
        "key_id": key_id(public),
        "public_key": base64.b64encode(public).decode(),
        "value": base64.b64encode(value).decode(),
    }
    return canonical({**content, SIGNATURE: signature})


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise _refuse("it is no JSON") from None
    if not isinstance(content, dict):
        raise _refuse("it is no JSON object")
    return content


def _refuse(why: str) -> DisclosureRiskError:
    return DisclosureRiskError(
        f"The certificate does not hold: {why}. Nothing was published; the live release stays."
        " Certify the files again."
    )
