import asyncio
import contextlib
import datetime as dt
import http.client
import ipaddress
import signal
import socket
import ssl
import time

import grpc
import pytest
from rpc_support import fake_server

import lodestream
from lodestream import cli
from lodestream_server.errors import ConfigError
from lodestream_server.security import certificates as module
from lodestream_server.security import tokens, watched
from lodestream_server.security.certificates import Certificates

x509 = pytest.importorskip("cryptography.x509", reason="cryptography makes the certificates")
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

QUICK = lodestream.Retry(attempts=1)


class Authority:
    """Signs certificates for this machine and writes them into a folder."""

    def __init__(self, folder, name="root"):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(pem(self._sign(self.name, self.key.public_key(), ca=True)))

    def issue(self, name):
        """Files of a new certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self._write(name, key, self._sign(subject, key.public_key(), ca=False))
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def _write(self, name, key, certificate):
        plain = serialization.NoEncryption()
        text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        (self.folder / f"{name}.key").write_bytes(text)
        (self.folder / f"{name}.crt").write_bytes(pem(certificate))

    def _sign(self, subject, key, ca):
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder(self.name, subject, key, x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(hours=1))
        builder = builder.not_valid_after(now + dt.timedelta(hours=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def serial(file):
    return x509.load_pem_x509_certificate(file.read_bytes()).serial_number


def served(address, root):
    """Serial number of the certificate that is shown at an address."""
    host, port = address.split(":")
    context = ssl.create_default_context(cafile=root)
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((host, int(port)), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as line,
    ):
        assert line.version() in ("TLSv1.2", "TLSv1.3")
        return int(line.getpeercert()["serialNumber"], 16)


def flags(certificate, key):
    return "--tls-certificate", str(certificate), "--tls-key", str(key)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secured(authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    secret, line = tokens.new("a", "generate,preview,resume,metrics", None)
    (folder / "tokens").write_text(line)
    options = (*flags(*authority.issue("server")), "--tokens", str(folder / "tokens"))
    with fake_server(folder, *options) as server:
        yield server, secret


# --- the SDK over TLS


def test_both_clients_speak_tls(authority, secured):
    server, secret = secured
    for roots in (authority.file, str(authority.file), authority.file.read_bytes()):
        with lodestream.Client(server.address, token=secret, root_certificates=roots) as client:
            assert [e for e in client.generate("a man", levels=[3]) if isinstance(e, lodestream.Level)]

    async def run():
        async with lodestream.AsyncClient(server.address, token=secret, root_certificates=authority.file) as client:
            return [event async for event in client.generate("a man", levels=[3])], await client.info()

    assert asyncio.run(run())[1].engine == "fake"


def test_another_root_or_no_tls_is_no_connection(secured, tmp_path):
    server, secret = secured
    for more in ({"root_certificates": Authority(tmp_path).file}, {"tls": True}, {}):
        with (
            lodestream.Client(server.address, token=secret, retry=QUICK, timeout=5, **more) as client,
            pytest.raises(lodestream.ConnectionFailedError) as caught,
        ):
            list(client.generate("a man"))
        assert secret not in f"{caught.value} {caught.value.__cause__}"


def test_the_command_line_speaks_tls(authority, secured, capsys, monkeypatch):
    server, secret = secured
    monkeypatch.setenv("LODESTREAM_TOKEN", secret)
    ask = ["info", "--address", server.address, "--timeout", "5"]
    assert cli.main([*ask, "--ca", str(authority.file)]) == 0
    assert cli.main([*ask, "--tls"]) == 4
    with pytest.raises(SystemExit):
        cli.main([*ask, "--ca", str(authority.file), "--certificate", "x"])
    assert "--certificate and --key are needed both" in capsys.readouterr().err


# --- HTTP over TLS


def https(server, root, path, headers=()):
    host, port = server.http.split(":")
    context = ssl.create_default_context(cafile=root)
    with contextlib.closing(http.client.HTTPSConnection(host, int(port), timeout=5, context=context)) as line:
        line.request("GET", path, headers=dict(headers))
        return line.getresponse().status


def test_http_speaks_tls_too(authority, secured):
    server, secret = secured
    silent = socket.create_connection(server.http.split(":"))  # shakes no hands, and nobody has to wait for it
    assert https(server, authority.file, "/healthz") == 200
    assert https(server, authority.file, "/metrics") == 401
    assert https(server, authority.file, "/metrics", {"Authorization": f"Bearer {secret}"}) == 200
    silent.close()
    with pytest.raises((OSError, http.client.HTTPException)):
        server.get("/healthz")
    assert https(server, authority.file, "/healthz") == 200
    assert not any("Traceback" in line for line in server.stderr)


# --- mutual TLS


def test_callers_need_a_certificate(authority, tmp_path):
    options = (*flags(*authority.issue("mutual")), "--tls-client-ca", str(authority.file))
    with fake_server(tmp_path, *options) as server:
        mine = authority.issue("caller")
        with lodestream.Client(server.address, root_certificates=authority.file, client_certificate=mine) as client:
            assert client.info().engine == "fake"
        theirs = Authority(tmp_path, "other").issue("stranger")
        for more in ({}, {"client_certificate": theirs}):
            with (
                lodestream.Client(server.address, root_certificates=authority.file, timeout=2, **more) as client,
                pytest.raises((lodestream.ConnectionFailedError, lodestream.DeadlineExceededError)),
            ):
                client.info()


# --- new certificates


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_new_certificate_is_taken_up_and_streams_go_on(authority, tmp_path):
    certificate, key = authority.issue("renewed")
    first = serial(certificate)
    with (
        fake_server(tmp_path, *flags(certificate, key)) as server,
        lodestream.Client(server.address, root_certificates=authority.file) as client,
    ):
        assert served(server.address, authority.file) == served(server.http, authority.file) == first
        stream = client.generate("slow and renewed")
        next(stream)
        authority.issue("renewed")
        second = serial(certificate)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: served(server.address, authority.file) == second)
        assert served(server.http, authority.file) == second
        assert isinstance(list(stream)[-1], lodestream.Done)
        key.write_text("damaged")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: any("not reloaded" in line for line in server.stderr))
        assert served(server.address, authority.file) == served(server.http, authority.file) == second
        authority.issue("renewed")  # no signal: the files' times say so
        until(lambda: served(server.address, authority.file) == serial(certificate) != second)
        assert served(server.http, authority.file) == serial(certificate)


def test_files_are_looked_at_once_a_second(authority, monkeypatch):
    looked = []
    monkeypatch.setattr(watched, "_signature", lambda paths: looked.append(paths) or ())
    given = Certificates(*authority.issue("watched"), None)
    for _ in range(100):
        given.for_http()
    assert len(looked) == 1


def test_what_cannot_be_used_is_said(authority, tmp_path):
    certificate, key = authority.issue("one")
    _, other = authority.issue("two")
    broken = tmp_path / "broken"
    broken.write_text("nothing")
    locked = tmp_path / "locked.key"
    secret = serialization.load_pem_private_key(key.read_bytes(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"word"),
    )
    locked.write_bytes(secret)
    for files, said in (
        ((certificate, other, None), "belong together"),
        ((certificate, broken, None), "must be PEM"),
        ((certificate, locked, None), "have no password"),
        ((certificate, tmp_path / "none", None), "--tls-key .*: No such file"),
        ((certificate, key, broken), "--tls-client-ca .*: must be PEM"),
        ((certificate, key, tmp_path / "none"), "--tls-client-ca .*: No such file"),
    ):
        with pytest.raises(ConfigError, match=said):
            Certificates(*files)


def test_grpc_is_asked_anew_only_when_something_changed(authority, monkeypatch):
    asked = []
    monkeypatch.setattr(module.grpc, "dynamic_ssl_server_credentials", lambda *given: asked.append(given))
    certificate, key = authority.issue("anew")
    given = Certificates(certificate, key, None)
    given.for_grpc()
    ((first, changed, mutual),) = asked
    assert isinstance(first, grpc.ServerCertificateConfiguration)
    assert mutual is False
    assert changed() is None
    authority.issue("anew")
    given.reload()
    assert isinstance(changed(), grpc.ServerCertificateConfiguration)
    assert changed() is None
