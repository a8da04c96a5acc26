"""A taken port is refused before anything starts, and its holder is named."""

from __future__ import annotations

import os
import socket

import pytest

from stack.errors import StackError
from stack.ports import free_ports, is_free, listening_sockets, require_free_ports

pytestmark = pytest.mark.enable_socket

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:47E0 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1
   1: 0100007F:47E0 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 4343 1
   2: 0100007F:47E1 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4444 1
"""


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_only_listening_sockets_of_the_port_count():
    assert listening_sockets(TABLE, 18400) == {"4242"}


def test_a_taken_port_is_named_with_its_service_holder_and_setting(taken):
    with pytest.raises(StackError) as refused:
        require_free_ports({"solr": taken})

    message = str(refused.value)
    assert f"{taken} (solr) is taken" in message
    assert f"process {os.getpid()}" in message
    assert "MADANG_SOLR_PORT" in message
    assert "nothing was started" in message


def test_a_port_with_a_server_is_not_free(taken):
    assert not is_free(taken)


def test_neighbouring_ports_are_looked_for_beyond_a_taken_one(taken):
    ports = free_ports(["a", "b"], taken)

    assert ports["a"] > taken
    assert ports["b"] == ports["a"] + 1
