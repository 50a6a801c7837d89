"""Fixtures that several test files share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import grpc
import pytest


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A real server around the fake pipeline."""
    from rpc_support import fake_server

    with fake_server(tmp_path_factory.mktemp("server"), "--log-format", "json") as running:
        yield running


@pytest.fixture(scope="session")
def channel(server):
    options = (("grpc.max_receive_message_length", 2**26), ("grpc.max_send_message_length", 2**26))
    with grpc.insecure_channel(server.address, options=options) as channel:
        yield channel
