"""The stack's settings: a checkout works without any; two stacks never share anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.errors import WrongUseError
from stack.settings import (
    default_state,
    environment_apart,
    is_open_to_all,
    read_file,
    read_ports,
    read_settings,
    write_file,
)


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    return folder


def test_a_checkout_works_without_any_setting(checkout):
    settings = read_settings(checkout, {}, as_root=False)

    assert settings.state == checkout / "state"
    assert settings.url("catalogue") == "http://127.0.0.1:18400"
    assert settings.store == str(checkout / "state" / "store")


def test_what_was_started_is_found_again_without_its_settings(checkout):
    write_file(read_settings(checkout, {"MADANG_PORT_BASE": "20000"}, as_root=False))

    found = read_settings(checkout, {}, as_root=False)

    assert found.ports == dict(zip(found.ports, range(20000, 20005), strict=True))


def test_the_environment_wins_over_what_was_written(checkout):
    write_file(read_settings(checkout, {"MADANG_PORT_BASE": "20000"}, as_root=False))

    found = read_settings(checkout, {"MADANG_PORT_BASE": "21000"}, as_root=False)

    assert found.ports["solr"] == 21004


def test_a_file_about_another_stack_is_not_believed(checkout, tmp_path):
    write_file(read_settings(checkout, {"MADANG_PORT_BASE": "20000"}, as_root=False))

    other = read_settings(checkout, {"MADANG_STATE": str(tmp_path / "other")}, as_root=False)

    assert other.ports["catalogue"] == 18400
    assert other.store == str(tmp_path / "other" / "store")


def test_the_written_file_holds_no_secret_and_a_second_writing_changes_nothing(checkout):
    settings = read_settings(checkout, {}, as_root=False)
    write_file(settings)
    first = settings.file.stat()

    write_file(settings)

    assert settings.file.stat() == first
    assert "passfile=" in settings.file.read_text()
    assert "password" not in settings.file.read_text().lower()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        pytest.param({"MADANG_SOLR_PORT": "http"}, "MADANG_SOLR_PORT is 'http'", id="a word"),
        pytest.param({"MADANG_PORT_BASE": "80"}, "MADANG_PORT_BASE is '80'", id="of the system"),
        pytest.param({"MADANG_REDIS_PORT": "70000"}, "MADANG_REDIS_PORT", id="beyond the last"),
        pytest.param(
            {"MADANG_REDIS_PORT": "18404"},
            "MADANG_REDIS_PORT and MADANG_SOLR_PORT are both 18404",
            id="the same twice",
        ),
    ],
)
def test_a_port_that_cannot_be_is_named_with_its_setting(environment, message):
    with pytest.raises(WrongUseError, match=message):
        read_ports(environment, {})


@pytest.mark.parametrize(
    "name", [pytest.param("MADANG_PARALLELISM", id="number"), pytest.param("MADANG_X", id="any")]
)
def test_a_line_that_is_no_setting_is_named(tmp_path, name):
    file = tmp_path / "settings"
    file.write_text(f"# fine\n{name}=1\nnonsense\n")

    with pytest.raises(WrongUseError, match="line 3"):
        read_file(file)


def test_root_keeps_state_outside_a_checkout_that_others_cannot_enter(checkout):
    checkout.chmod(0o700)

    outside = default_state(checkout, as_root=True)

    assert not is_open_to_all(checkout)
    assert outside.parent == Path("/var/lib/madang")
    assert outside != default_state(checkout / "another", as_root=True)
    assert default_state(checkout, as_root=False) == checkout / "state"


def test_the_stack_of_the_tests_shares_nothing_with_the_developers(checkout):
    own = read_settings(checkout, {}, as_root=False)
    ports = {service: port + 100 for service, port in own.ports.items()}

    tests = read_settings(
        checkout, environment_apart(checkout, ports, as_root=False), as_root=False
    )

    assert tests.state != own.state
    assert tests.file != own.file
    assert not set(tests.ports.values()) & set(own.ports.values())
    mine, others = own.variables(), tests.variables()
    assert {name for name in mine if mine[name] == others[name]} == {
        "MADANG_SCHEMAS",
        "MADANG_EXPECTATIONS",
    }
