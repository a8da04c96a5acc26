"""Settings: a checkout works without any; the environment wins; secrets are private."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from etl.errors import StoreError
from etl.settings import CHECKOUT, Limits, load

NOWHERE = Path("/nonexistent/settings")


def test_a_checkout_works_without_any_setting():
    settings = load({}, NOWHERE)

    assert settings.schemas == CHECKOUT / "schemas"
    assert settings.intake == CHECKOUT / "state" / "intake"
    assert settings.ledger == f"sqlite:///{CHECKOUT}/state/ledger.sqlite"
    assert settings.catalogue_url == "http://127.0.0.1:18400"
    assert settings.gx_max_rows == 2_000_000


def test_the_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "settings"
    file.write_text("# written by make up\n\nMADANG_STATE=/var/a\nMADANG_OFFICER = kim\n")

    settings = load({"MADANG_STATE": "/var/b"}, file)

    assert settings.state == Path("/var/b")
    assert settings.store == "/var/b/store"
    assert settings.officer == "kim"


@pytest.mark.parametrize(
    ("environ", "catalogue", "airflow"),
    [
        pytest.param({"MADANG_PORT_BASE": "19000"}, ":19000", ":19001", id="base moves both"),
        pytest.param({"MADANG_CATALOGUE_PORT": "80"}, ":80", ":18401", id="one is moved alone"),
        pytest.param({"MADANG_CATALOGUE_URL": "https://x"}, "//x", ":18401", id="address wins"),
    ],
)
def test_addresses_follow_the_ports(environ, catalogue, airflow):
    settings = load(environ, NOWHERE)

    assert settings.catalogue_url.endswith(catalogue)
    assert settings.airflow_url.endswith(airflow)


def test_limits_are_set_one_by_one():
    settings = load({"MADANG_MAX_CELLS": "9"}, NOWHERE)

    assert settings.limits == Limits(cells=9)


def test_every_limit_is_documented():
    document = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")

    for limit in fields(Limits):
        assert f"| `MADANG_MAX_{limit.name.upper()}` |" in document
        assert f"| {limit.default} |\n" in document


def test_a_relative_folder_is_one_of_the_checkout():
    assert load({"MADANG_SCHEMAS": "schemas"}, NOWHERE).schemas == CHECKOUT / "schemas"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("MADANG_STATE", id="a line without a value"),
        pytest.param("MADANG_PORT_BASE=many", id="a number in words"),
    ],
)
def test_a_setting_that_cannot_be_understood_is_refused(tmp_path, line):
    (tmp_path / "settings").write_text(line)

    with pytest.raises(StoreError, match="Nothing was done"):
        load({}, tmp_path / "settings")


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "catalogue-token"
    file.write_text("s3cret\n")
    file.chmod(0o600)
    return file


def test_a_private_secret_is_read_without_its_line_break(secret):
    settings = load({"MADANG_SECRETS": str(secret.parent)}, NOWHERE)

    assert settings.read_secret("catalogue-token") == b"s3cret"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_secret_that_others_can_touch_is_refused_and_not_shown(secret, mode):
    secret.chmod(mode)
    settings = load({"MADANG_SECRETS": str(secret.parent)}, NOWHERE)

    with pytest.raises(StoreError, match="chmod 600") as caught:
        settings.read_secret("catalogue-token")

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        pytest.param("signing-key.pem", None, "cannot be read", id="absent"),
        pytest.param("signing-key.pem", "\n", "is empty", id="empty"),
    ],
)
def test_a_missing_secret_is_named(secret, name, content, reason):
    if content is not None:
        (secret.parent / name).write_text(content)
        (secret.parent / name).chmod(0o600)
    settings = load({"MADANG_SECRETS": str(secret.parent)}, NOWHERE)

    with pytest.raises(StoreError, match=rf"{name}.*{reason}"):
        settings.read_secret(name)


def test_another_file_of_settings_may_be_named(tmp_path):
    (tmp_path / "other").write_text("MADANG_OFFICER=lee\nMADANG_OFFICER_ID=7\n")

    settings = load({"MADANG_ENV_FILE": str(tmp_path / "other")})

    assert (settings.officer, settings.officer_id) == ("lee", "7")
