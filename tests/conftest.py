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


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    """A client of a real server with the embedded bundle."""
    import lodestream

    with (
        lodestream.LocalServer(data_dir=tmp_path_factory.mktemp("studio")) as running,
        lodestream.Client(running.address) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def generate(studio):
    """Levels of an avatar as files: generate(folder, prompt, ...) -> {level: path}."""
    import lodestream

    def run(folder, prompt, **options):
        files = {}
        for event in studio.generate(prompt, **options):
            if isinstance(event, lodestream.Level):
                files[event.level] = folder / f"lod{event.level}.glb"
                folder.mkdir(parents=True, exist_ok=True)
                files[event.level].write_bytes(event.glb)
        return files

    return run
