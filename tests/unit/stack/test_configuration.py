"""What the parts are told: by address, by file, and never a secret where others can read it."""

from __future__ import annotations

import configparser
import stat

import pytest

from stack.airflow_settings import airflow_environment
from stack.catalogue_settings import catalogue_ini
from stack.once import Once, digest
from stack.parts import all_parts, clean_environment, dependent
from stack.passwords import draw_secrets, secret
from stack.settings import read_settings
from stack.supervision import LONGEST_SOCKET_PATH, configuration, socket_path


@pytest.fixture
def settings(tmp_path):
    found = read_settings(tmp_path, {}, as_root=False)
    draw_secrets(found)
    (found.state / "stamps").mkdir()
    return found


def test_secrets_are_for_their_owner_only_and_drawn_once(settings):
    before = {file.name: file.read_text() for file in settings.secrets.iterdir()}

    draw_secrets(settings)

    assert before, "no secret was drawn: this test would prove nothing"
    assert before == {file.name: file.read_text() for file in settings.secrets.iterdir()}
    assert stat.S_IMODE(settings.secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in settings.secrets.iterdir()} == {0o600}


def test_two_stacks_draw_different_secrets(settings, tmp_path):
    other = read_settings(tmp_path, {"MADANG_STATE": str(tmp_path / "other")}, as_root=False)
    draw_secrets(other)

    names = [file.name for file in settings.secrets.iterdir()]

    assert all(secret(settings, name) != secret(other, name) for name in names)


def test_the_supervisor_reads_its_configuration_as_written(settings):
    parts = all_parts(settings)
    reader = configparser.ConfigParser()

    reader.read_string(configuration(settings, parts.values(), as_root=False))

    programs = [name for name in reader.sections() if name.startswith("program:")]
    assert programs == [f"program:{name}" for name in parts]
    assert all(reader[name]["command"].endswith(name.removeprefix("program:")) for name in programs)


def test_a_percent_sign_in_a_path_survives_the_parsers(tmp_path):
    settings = read_settings(tmp_path / "100%s", {}, as_root=False)
    draw_secrets(settings)
    reader = configparser.ConfigParser()

    reader.read_string(configuration(settings, all_parts(settings).values(), as_root=False))
    assert reader["supervisord"]["childlogdir"] == str(settings.logs)

    reader.read_string(catalogue_ini(settings))
    assert reader["app:main"]["ckan.storage_path"] == str(settings.state / "ckan" / "storage")


def test_no_secret_stands_in_a_command_line_or_in_the_supervisors_configuration(settings):
    (settings.run).mkdir()
    parts = all_parts(settings)
    commands = [" ".join(part.command()) for part in parts.values() if part.name != "postgres"]
    open_to_read = "\n".join([*commands, configuration(settings, parts.values(), as_root=False)])

    drawn = [secret(settings, file.name) for file in settings.secrets.iterdir()]

    assert not [value for value in drawn if value in open_to_read]


def test_a_deep_checkout_gets_a_socket_outside_it(tmp_path):
    deep = read_settings(tmp_path / ("d" * 120), {}, as_root=False)

    assert len(str(socket_path(deep))) <= LONGEST_SOCKET_PATH


def test_airflow_listens_on_this_machine_only_and_keeps_the_states_readable(settings):
    environment = airflow_environment(settings)

    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__CORE__ALLOWED_DESERIALIZATION_CLASSES"].startswith("airflow.* ")
    assert "etl.states.*" in environment["AIRFLOW__CORE__ALLOWED_DESERIALIZATION_CLASSES"]


def test_a_part_sees_nothing_that_happens_to_be_set_in_a_shell(settings, monkeypatch):
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "AIRFLOW__CORE__EXECUTOR", "PGHOST"):
        monkeypatch.setenv(name, "stray")

    assert "stray" not in clean_environment(settings).values()


def test_every_part_waits_only_for_parts_that_wait_for_nothing(settings):
    parts = all_parts(settings)
    last = dependent(parts)

    assert last, "no part depends on another: this test would prove nothing"
    assert not {need for name in last for need in parts[name].waits_for} & set(last)


def test_a_preparation_is_done_once_for_what_it_is_made_from(settings):
    done = []

    def steps(made_from):
        return Once("step", made_from, lambda: done.append(made_from))

    assert steps("a").ensure(settings)
    assert not steps("a").ensure(settings)
    assert steps("b").ensure(settings)
    assert done == ["a", "b"]


def test_a_failed_preparation_is_tried_again(settings):
    def fail():
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - any failure
        Once("step", "a", fail).ensure(settings)

    assert not Once("step", "a", fail).is_done(settings)


def test_a_digest_changes_with_a_name_as_with_a_byte(tmp_path):
    file = tmp_path / "one"
    file.write_text("x")
    first = digest([tmp_path])

    file.rename(tmp_path / "two")

    assert digest([tmp_path]) != first
    assert digest([tmp_path / "absent"]) == digest([])
