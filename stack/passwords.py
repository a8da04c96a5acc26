"""Secrets of the local stack: drawn once, at the first start, each in a file of its own (0600)."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from stack.settings import Settings

DATABASE_ROLES = ("postgres", "airflow", "ckan", "datastore", "madang")
PASSWORDS = (
    "redis-password",
    "airflow-engineer-password",
    "airflow-officer-password",
    "catalogue-admin-password",
    "catalogue-publisher-password",
    "catalogue-session-key",
    "airflow-session-key",
    "airflow-jwt-key",
)


def draw_secrets(settings: Settings) -> None:
    """Draw every secret that does not exist yet; those that do are not touched."""
    settings.secrets.mkdir(parents=True, exist_ok=True)
    settings.secrets.chmod(0o700)
    for role in DATABASE_ROLES:
        draw(settings.passfile(role), partial(drawn_passfile, role))
    for name in PASSWORDS:
        draw(settings.secrets / name, drawn_password)
    draw(
        settings.secrets / "airflow-fernet-key",
        lambda: base64.urlsafe_b64encode(os.urandom(32)).decode(),
    )
    draw(settings.secrets / "signing-key.pem", drawn_signing_key)


def drawn_password() -> str:
    """Return 192 random bits that need no quoting in an address, an ini file or a shell."""
    return secrets.token_hex(24)


def drawn_passfile(role: str) -> str:
    """Return a password file as PostgreSQL's clients read it, good for any port of this machine."""
    return f"127.0.0.1:*:*:{role}:{drawn_password()}\n"


def drawn_signing_key() -> str:
    """Return a new Ed25519 key, as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    key = ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode("ascii")


def draw(path: Path, make: Callable[[], str]) -> None:
    """Write a new secret unless there is one; readable by its owner only, whole or not at all."""
    if path.exists():
        return
    keep(path, make())


def keep(path: Path, secret: str) -> None:
    """Write a secret, readable by its owner only, whole or not at all."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
    beside.replace(path)


def secret(settings: Settings, name: str) -> str:
    """Return a secret that was drawn before."""
    return (settings.secrets / name).read_text(encoding="utf-8").strip()


def database_password(settings: Settings, role: str) -> str:
    """Return the password of a database role."""
    return settings.passfile(role).read_text().strip().rsplit(":", 1)[1]
