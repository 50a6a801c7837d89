import threading

import grpc
import pytest
from rpc_support import call, fake_server, kinds, refusal

from lodestream.v1 import avatar_pb2 as pb
from lodestream_server.errors import RateLimitedError
from lodestream_server.security import limits as module
from lodestream_server.security import tokens
from lodestream_server.security.gate import Gate
from lodestream_server.security.limits import Limits


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def passes(limits, caller="a"):
    try:
        with limits.admit(caller):
            return True
    except RateLimitedError:
        return False


def test_a_burst_and_then_so_many_a_second():
    clock = Clock()
    limits = Limits(rate=2.0, burst=3, streams=9, clock=clock)
    assert [passes(limits) for _ in range(4)] == [True, True, True, False]
    assert passes(limits, "b"), "others are not concerned"
    with pytest.raises(RateLimitedError, match="2 a second") as caught, limits.admit("a"):
        pass
    assert caught.value.retry_after == pytest.approx(0.5)
    clock.now += 0.5
    assert [passes(limits) for _ in range(2)] == [True, False]
    clock.now += 1000
    assert [passes(limits) for _ in range(4)] == [True, True, True, False], "no more than the burst is saved up"


def test_no_rate_is_no_limit():
    limits = Limits(rate=0.0, burst=1, streams=9)
    assert all(passes(limits) for _ in range(100))


def test_calls_under_way():
    limits = Limits(rate=0.0, burst=1, streams=2)
    with limits.admit("a"):
        with limits.admit("a"):
            assert not passes(limits)
            assert passes(limits, "b")
        assert passes(limits)
    with pytest.raises(ValueError, match="mine"), limits.admit("a"):
        raise ValueError("mine")
    with limits.admit("a"):
        assert passes(limits), "a call that failed is over"


def test_callers_are_forgotten_but_not_those_at_work(monkeypatch):
    monkeypatch.setattr(module, "MAX_CALLERS", 20)
    limits = Limits(rate=1.0, burst=1, streams=1)
    with limits.admit("busy"):
        for number in range(200):
            assert passes(limits, f"peer {number}")
        assert len(limits._accounts) <= 20
        assert not passes(limits, "busy")


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        ("ipv4:127.0.0.1:5", None),
        ("ipv6:[::1]:5", None),
        ("ipv6:%5B::1%5D:5", None),
        ("unix:/run/x", None),
        ("ipv6:[::ffff:127.0.0.1]:5", None),
        ("ipv4:192.0.2.7:5", "peer 192.0.2.7"),
        ("ipv6:[::ffff:192.0.2.7]:5", "peer 192.0.2.7"),
        ("ipv6:[2001:db8::1:2:3]:5", "peer 2001:db8::/64"),
        ("ipv6:%5B2001:db8:0:0:9::%5D:5", "peer 2001:db8::/64"),
        ("ipv6:[fe80::1%25eth0]:5", "peer fe80::/64"),
    ],
)
def test_without_tokens_limits_count_by_network_but_not_this_machine(peer, name):
    assert Gate(None, Limits(1, 1, 1)).caller((), peer).name == name


def test_a_server_with_limits(tmp_path):
    lines = {name: tokens.new(name, "generate", None) for name in ("a", "b")}
    again = tokens.new("a", "generate", None)
    (tmp_path / "t").write_text("\n".join(line for _, line in (*lines.values(), again)))
    options = ("--tokens", str(tmp_path / "t"), "--rate", "0.01", "--burst", "4", "--streams", "2")
    with fake_server(tmp_path, *options) as server, grpc.insecure_channel(server.address) as channel:

        def by(secret):
            class Add(grpc.UnaryStreamClientInterceptor):
                def intercept_unary_stream(self, continuation, details, request):
                    return continuation(details._replace(metadata=[("authorization", f"Bearer {secret}")]), request)

            return grpc.intercept_channel(channel, Add())

        a, other_a, b = by(lines["a"][0]), by(again[0]), by(lines["b"][0])
        streams = [call(a, pb.StreamAvatarRequest(prompt=f"slow {number}", levels=[3, 2])) for number in range(2)]
        for stream in streams:
            next(iter(stream))
        request = pb.StreamAvatarRequest(prompt="a man", levels=[3])
        error, details = refusal(other_a, request)  # two tokens of one name are one caller
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "2 calls of yours are under way" in error.details()
        assert details["ErrorInfo"].reason == "RATE_LIMITED"
        assert details["RetryInfo"].retry_delay.seconds == 1
        assert kinds(call(b, request))[-1] == "done"
        for stream in streams:
            assert kinds(stream)[-1] == "done"
        for _ in range(2):
            assert kinds(call(a, request))[-1] == "done"
        error, details = refusal(other_a, request)
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "too many calls: 0.01 a second are allowed" in error.details()
        assert 60 < details["RetryInfo"].retry_delay.seconds <= 100
        stream = call(b, pb.StreamAvatarRequest(prompt="slow and given up"))
        next(iter(stream))
        stream.cancel()
        assert kinds(call(b, request))[-1] == "done", "who hangs up has no call under way"


def test_metadata_has_a_size(channel):
    method = channel.unary_unary("/lodestream.v1.AvatarService/GetServerInfo")
    assert method(b"", metadata=(("k", "v" * 4_000),), timeout=5)
    with pytest.raises(grpc.RpcError) as caught:
        method(b"", metadata=(("k", "v" * 20_000),), timeout=5)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_message_has_a_size(channel):
    error, _ = refusal(channel, pb.StreamAvatarRequest(image=bytes(21 * 2**20)))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    error, _ = refusal(channel, pb.StreamAvatarRequest(image=bytes(17 * 2**20)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_http_hangs_up_on_too_many(server):
    import socket

    host, port = server.http.split(":")
    connections = [socket.create_connection((host, int(port)), timeout=5) for _ in range(64)]
    try:
        extra = socket.create_connection((host, int(port)), timeout=5)
        connections.append(extra)
        assert extra.recv(1) == b""
    finally:
        for connection in connections:
            connection.close()
    done = threading.Event()
    for _ in range(50):
        try:
            assert server.get("/healthz") == (200, "ok\n")
            done.set()
            break
        except OSError:
            done.wait(0.1)
    assert done.is_set(), "there is room again"
