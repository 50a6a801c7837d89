"""The worker's options. Flags win over ``LODESTREAM_…`` variables, those over the file, that over the defaults."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from lodestream_server.errors import ConfigError

PREFIX = "LODESTREAM_"
CHECK = "--check-config"
ENGINES = ("auto", "tensorrt", "onnxruntime-cuda", "onnxruntime-cpu", "openvino")
_THREADS = 1024
_LONGEST = 10**9  # seconds; what threads and clocks can count, and more than anybody waits
_SLOWEST, _FASTEST = 0.001, 10**9
_HOST = re.compile(r"[A-Za-z0-9._%-]{1,255}|\[?[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,64})?\]?")
_PORT = re.compile(r"[0-9]{1,5}")
PRECISIONS = ("auto", "fp32", "fp16", "bf16", "int8")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _data_dir() -> Path:
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lodestream"
    except RuntimeError as error:
        raise ConfigError("--data-dir", "is needed, for this user has no home") from error


def _count(least: int, most: int = 2**31 - 1) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if value < least:
            raise ValueError(f"must be at least {least}")
        if value > most:
            raise ValueError(f"must be at most {most:,}")
        return value

    return parse


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= _LONGEST:
        raise ValueError(f"must be 0 to {_LONGEST:,} seconds")
    return value


def _rate(text: str) -> float:
    value = float(text)
    if value and not _SLOWEST <= value <= _FASTEST:
        raise ValueError(f"must be 0 or {_SLOWEST} to {_FASTEST:,} a second")
    return value


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not _HOST.fullmatch(host) or not _PORT.fullmatch(port) or int(port) > 65535:
        raise ValueError("must be HOST:PORT, the port 0 to 65535")
    return text


def _http(text: str) -> str:
    return text if text == "off" else _address(text)


def _collector(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return text


def _yes(text: str) -> bool:
    value = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(text.lower())
    if value is None:
        raise ValueError("must be yes or no")
    return value


def _choice(*values: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in values:
            raise ValueError(f"must be one of {', '.join(values)}")
        return text

    return parse


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("must not begin with the home of nobody") from None


def _bundle(text: str) -> str:
    return text if text == "embedded" else str(_path(text))


def _about(parse: Callable[[str], Any], text: str) -> Mapping[str, Any]:
    return {"parse": parse, "help": text}


@dataclass(frozen=True, slots=True)
class Config:
    """All options, each stated once: name, type, default, meaning."""

    listen: str = field(default="127.0.0.1:50051", metadata=_about(_address, "HOST:PORT of gRPC; port 0: any free one"))
    http: str = field(default="127.0.0.1:8080", metadata=_about(_http, "HOST:PORT of /metrics and /healthz, or off"))
    data_dir: Path = field(default_factory=_data_dir, metadata=_about(_path, "folder of the store"))
    bundle: str = field(default="embedded", metadata=_about(_bundle, "folder of the weights, or embedded"))
    engine: str = field(
        default="auto", metadata=_about(_choice(*ENGINES), f"what runs the networks: {', '.join(ENGINES)}")
    )
    precision: str = field(
        default="auto", metadata=_about(_choice(*PRECISIONS), f"of the networks' products: {', '.join(PRECISIONS)}")
    )
    workers: int = field(default_factory=_cores, metadata=_about(_count(1, _THREADS), "avatars computed at once"))
    threads: int = field(default=1, metadata=_about(_count(1, _THREADS), "threads per network call"))
    batch: int = field(default=1, metadata=_about(_count(1), "requests per network call at most"))
    batch_wait: float = field(
        default=0.002, metadata=_about(_seconds, "seconds to wait for the call under way, if batch is not 1")
    )
    cache: int = field(default=4096, metadata=_about(_count(0), "results of each kind that are kept in memory"))
    cache_mb: int = field(default=32, metadata=_about(_count(0), "size of those results in MB, of each kind"))
    queue: int = field(
        default_factory=lambda: 32 * _cores(),
        metadata=_about(_count(1), "jobs that may wait before new ones are refused"),
    )
    store: str = field(default="", metadata=_about(str, "URL of the store in place of a folder, as s3://bucket/folder"))
    store_mb: int = field(default=2048, metadata=_about(_count(0), "size of the store in MB"))
    tokens: Path | None = field(
        default=None, metadata=_about(_path, "file of the callers' tokens; see lodestream-server token new --help")
    )
    tls_certificate: Path | None = field(default=None, metadata=_about(_path, "PEM file of the certificate chain"))
    tls_key: Path | None = field(default=None, metadata=_about(_path, "PEM file of the certificate's key"))
    tls_client_ca: Path | None = field(
        default=None, metadata=_about(_path, "PEM file of roots that callers need a certificate of")
    )
    insecure: bool = field(
        default=False, metadata=_about(_yes, "yes: others may call without tokens, or without encryption")
    )
    reflection: str = field(
        default="auto",
        metadata=_about(_choice("auto", "on", "off"), "whether callers may ask for the methods; auto: without tokens"),
    )
    rate: float = field(
        default=10.0, metadata=_about(_rate, "calls a second of one token (or address, without tokens); 0: any")
    )
    burst: int = field(default=20, metadata=_about(_count(1), "calls of one token that may come at once after a pause"))
    streams: int = field(default=16, metadata=_about(_count(1), "calls of one token that may be under way"))
    stall: float = field(
        default=120.0, metadata=_about(_seconds, "seconds that a client may take to read 64 KiB before it is cut off")
    )
    drain: float = field(default=30.0, metadata=_about(_seconds, "seconds that running streams get on SIGTERM"))
    traces: str = field(
        default="",
        metadata=_about(
            _collector, "URL of an OpenTelemetry collector (OTLP over gRPC); else OTEL_EXPORTER_OTLP_ENDPOINT"
        ),
    )
    log_format: str = field(default="text", metadata=_about(_choice("text", "json"), "text or json"))
    log_level: str = field(default="info", metadata=_about(_choice("debug", "info", "warning", "error"), "least level"))

    @property
    def engines_dir(self) -> Path:
        """Folder of what engines made of the networks."""
        return self.data_dir / "engines"


_FIELDS = {f.name: f for f in fields(Config)}
# the SDK's token, and what Kubernetes and Docker's links tell of a service by the name of lodestream
_OTHERS = re.compile(r"TOKEN|NAME|SERVICE_.*|PORT(_.*)?")


def load(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Reads the options, see ``trace``."""
    return trace(argv, environ)[0]


def trace(
    argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Config, Mapping[str, str]]:
    """Reads the options and says where each came from, but for those that are the default.

    Args:
        argv: The command line without the program's name; the process's own by default.
        environ: The process's environment by default.

    Returns:
        The options; by name of the option the flag, the variable or the file, which is also that of ``config``.

    Raises:
        ConfigError: A value is wrong, or the file cannot be read.
        SystemExit: The command line cannot be parsed (2), or asked for help (0).
    """
    environ = os.environ if environ is None else environ
    given = vars(_parser().parse_args(argv))
    path = given.pop("config") or environ.get(f"{PREFIX}CONFIG")
    from_file = _read(Path(path)) if path else {}
    values: dict[str, Any] = {}
    sources = {"config": str(path)} if path else {}
    for name in _FIELDS:
        flag, variable = "--" + name.replace("_", "-"), PREFIX + name.upper()
        if given[name] is not None:
            values[name], sources[name] = _parse(name, flag, given[name]), flag
        elif variable in environ:
            values[name], sources[name] = _parse(name, variable, environ[variable]), variable
        elif name in from_file:
            values[name], sources[name] = _parse(name, f"{path}: {name}", from_file[name]), str(path)
    return Config(**values), sources


def strays(environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """``LODESTREAM_…`` variables that mean nothing here, with the option's variable that may be meant, or ``""``."""
    environ = os.environ if environ is None else environ
    known = [name.upper() for name in (*_FIELDS, "config")]
    given = sorted(name.removeprefix(PREFIX) for name in environ if name.startswith(PREFIX))
    found: dict[str, str] = {}
    for name in given:
        if name not in known and not _OTHERS.fullmatch(name):
            meant = difflib.get_close_matches(name, known, 1)
            found[PREFIX + name] = PREFIX + meant[0] if meant else ""
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lodestream-server",
        description="Turns prompts into rigged avatars and streams them, coarse to fine.",
        epilog=f"Every option may also be given as {PREFIX}NAME in the environment or as name = value in --config. "
        "lodestream-server compile --help says how plans for GPUs are built ahead of time.",
        allow_abbrev=False,
    )
    parser.add_argument("--config", metavar="FILE", help="TOML file of options")
    parser.add_argument(
        CHECK,
        action="store_true",
        default=argparse.SUPPRESS,
        help="print the resulting options, check them and the files they name, and end: 0 if all is well, else 2",
    )
    for name, f in _FIELDS.items():
        default = "" if callable(f.default_factory) else f" (default: {f.default})"
        more: dict[str, Any] = {"nargs": "?", "const": "yes"} if f.metadata["parse"] is _yes else {}
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, help=f.metadata["help"] + default, **more)
    return parser


def _read(path: Path) -> Mapping[str, str]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"--config {path}", error.strerror or "cannot be read") from error
    except ValueError as error:
        raise ConfigError(f"--config {path}", str(error)) from error
    except RecursionError:
        raise ConfigError(f"--config {path}", "is nested too deeply") from None
    if unknown := sorted(set(values) - set(_FIELDS)):
        raise ConfigError(f"--config {path}", f"unknown option {unknown[0]}; known are {', '.join(_FIELDS)}")
    if odd := [name for name, value in values.items() if not isinstance(value, str | int | float)]:
        raise ConfigError(f"--config {path}", f"{odd[0]} must be a text, a number, or yes or no")
    try:
        return {name: str(value) for name, value in values.items()}
    except ValueError as error:  # Python writes no numbers of thousands of digits
        raise ConfigError(f"--config {path}", str(error)) from error


def _parse(name: str, source: str, text: str) -> object:
    if "\0" in text:
        raise ConfigError(source, "must not contain NUL")
    try:
        return _FIELDS[name].metadata["parse"](text)
    except ValueError as error:
        raise ConfigError(source, f"{error}, got {text!r}") from error
