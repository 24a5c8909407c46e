"""The guard that keeps the tests off the network, tested."""

import socket

import pytest

from tests.plugins import loopback


def test_a_dial_beyond_this_machine_is_refused_and_held_against_the_test():
    with socket.socket() as dialling, pytest.raises(OSError, match=r"not 192\.0\.2\.7"):
        dialling.connect(("192.0.2.7", 80))  # TEST-NET-1 (RFC 5737): nobody's, should the guard fail
    assert loopback._dialled.pop() == "192.0.2.7:80"


def test_a_datagram_to_a_name_server_is_refused_too():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as dialling, pytest.raises(OSError, match="loopback only"):
        dialling.sendto(b"?", ("2001:db8::7", 53))
    assert loopback._dialled.pop() == "2001:db8::7:53"


def test_names_are_unknown_without_asking_anybody():
    with pytest.raises(socket.gaierror, match=r"not news\.example"):
        socket.getaddrinfo("news.example", 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001"])
def test_this_machine_is_reached_under_each_of_its_spellings(host):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection((host, server.getsockname()[1])):
        assert loopback._dialled == []
