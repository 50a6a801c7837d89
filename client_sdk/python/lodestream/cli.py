"""``lodestream``: avatars from the command line.

Exit codes: 0 done, 2 wrong usage, 3 the server said no, 4 no connection.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from lodestream._client import Client
from lodestream._errors import (
    ConnectionFailedError,
    InternalServerError,
    LocalServerError,
    LodestreamError,
    ServerError,
)
from lodestream._events import Accepted, Done, Level
from lodestream._local_server import LocalServer
from lodestream._progress import Display
from lodestream._report import report
from lodestream._requests import LAYOUTS, RIGS
from lodestream._retry import Retry
from lodestream._version import __version__

USAGE, REFUSED, CONNECTION = 2, 3, 4
_PRIVATE = Retry(attempts=4)  # nobody starts a private server again
TOKEN_VARIABLE = "LODESTREAM_TOKEN"  # noqa: S105 (a name)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Returns:
        The exit code.
    """
    arguments = _parser().parse_args(argv)
    display = Display()
    try:
        return int(arguments.run(arguments, display))
    except ServerError as error:
        display.say(f"lodestream: {error}")
        return REFUSED
    except LocalServerError as error:
        display.say(f"lodestream: {error}")
        return USAGE if error.missing else CONNECTION
    except LodestreamError as error:
        display.say(f"lodestream: {error}")
        return CONNECTION
    except OSError as error:
        display.say(f"lodestream: {error.filename or ''}: {error.strerror or error}")
        return USAGE
    except KeyboardInterrupt:
        return 130


def _generate(arguments: argparse.Namespace, display: Display) -> int:
    out: Path = arguments.out
    picture = arguments.image.read_bytes() if arguments.image else None
    out.mkdir(parents=True, exist_ok=True)
    levels: list[Level] = []
    with contextlib.ExitStack() as stack:
        client = _client(arguments, display, stack)
        for event in client.generate(
            arguments.prompt,
            image=picture,
            seed=arguments.seed,
            levels=arguments.levels,
            rig=arguments.rig,
            layout=arguments.layout,
            morph_targets=arguments.morph_targets,
            texture_size=arguments.texture_size,
        ):
            display.show(event)
            if isinstance(event, Accepted):
                accepted = event
            elif isinstance(event, Level):
                levels.append(event)
                _save(out / f"lod{event.level}.glb", event.glb)
            elif isinstance(event, Done):
                done = event
        _save(out / "preview.png", client.preview(accepted.avatar_id))
    text = json.dumps(report(arguments.prompt, accepted, levels, done), ensure_ascii=False, indent=2)
    _save(out / "report.json", (text + "\n").encode())
    display.say(f"written to {out}")
    return 0


def _save(path: Path, data: bytes) -> None:
    """Writes a file that is whole or absent, whatever becomes of us."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _info(arguments: argparse.Namespace, display: Display) -> int:
    with contextlib.ExitStack() as stack:
        client = _client(arguments, display, stack)
        sys.stdout.write(json.dumps(asdict(client.info()), indent=2) + "\n")
    return 0


def _client(arguments: argparse.Namespace, display: Display, stack: contextlib.ExitStack) -> Client:
    """A client of the server at ``--address``, or of a private one that lives as long as ``stack``."""
    address = arguments.address
    if not address:
        display.say("starting a private server")
        server = stack.enter_context(LocalServer())
        stack.enter_context(_telling(server, display))
        return stack.enter_context(Client(server.address, timeout=arguments.timeout, retry=_PRIVATE))
    certificate, key = arguments.certificate, arguments.key
    try:
        if (certificate is None) != (key is None):
            raise ValueError("--certificate and --key are needed both, or neither")  # noqa: TRY301 (said like the others)
        client = Client(
            address,
            timeout=arguments.timeout,
            token=_token(arguments.token_file),
            tls=arguments.tls,
            root_certificates=arguments.ca,
            client_certificate=certificate and (certificate, key),
        )
    except ValueError as error:
        display.say(f"lodestream: {error}")
        raise SystemExit(USAGE) from None
    return stack.enter_context(client)


def _token(file: Path | None) -> str | None:
    """The token in a file, else the one in the environment; never on the command line, which all users can see."""
    if file is not None:
        return file.read_text(encoding="utf-8").strip()
    return os.environ.get(TOKEN_VARIABLE) or None


@contextlib.contextmanager
def _telling(server: LocalServer, display: Display) -> Iterator[None]:
    """Shows the log of a private server that failed: nobody else could look it up."""
    try:
        yield
    except (InternalServerError, ConnectionFailedError):
        time.sleep(0.1)  # the log takes another way than the answer
        display.say(server.log)
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lodestream", description="Rigged avatars from a prompt.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"lodestream {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    generate = commands.add_parser("generate", help="stream an avatar into a folder", allow_abbrev=False)
    generate.set_defaults(run=_generate)
    generate.add_argument("prompt", metavar="PROMPT", help="what the avatar looks like; may be empty with --image")
    generate.add_argument("--image", type=Path, metavar="FILE", help="a PNG, JPEG or WebP to go by")
    generate.add_argument("--seed", type=_seed, metavar="N", help="another number, another variant (default: 0)")
    generate.add_argument("--rig", choices=tuple(RIGS), default="mixamo", help="skeleton (default: mixamo)")
    generate.add_argument("--layout", choices=tuple(LAYOUTS), default="layers", help="meshes (default: layers)")
    generate.add_argument("--levels", type=_levels, metavar="3,2,1,0", help="levels of detail (default: all)")
    generate.add_argument(
        "--morph-targets", type=_names, default=(), metavar="NAMES", help="names, or the groups ARKit, Oculus Visemes"
    )
    generate.add_argument(
        "--texture-size", type=int, choices=(1024, 2048), default=0, help="textures of level 0, pixels (default: 1024)"
    )
    generate.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for what is made")

    info = commands.add_parser("info", help="say what a server runs and accepts", allow_abbrev=False)
    info.set_defaults(run=_info)
    for command in (generate, info):
        command.add_argument("--address", metavar="HOST:PORT", help="a running server (default: start a private one)")
        command.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="of the call (120)")
        _add_security(command)
    return parser


def _add_security(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("to servers that know their callers, with --address")
    group.add_argument(
        "--token-file", type=Path, metavar="FILE", help=f"holds your token (default: the variable {TOKEN_VARIABLE})"
    )
    group.add_argument(
        "--tls", action=argparse.BooleanOptionalAction, help="encrypt, or never do (default: if there are certificates)"
    )
    group.add_argument("--ca", type=Path, metavar="FILE", help="PEM of the roots to check the server against")
    group.add_argument("--certificate", type=Path, metavar="FILE", help="PEM of your certificate, if asked for")
    group.add_argument("--key", type=Path, metavar="FILE", help="PEM of its key")


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**64:
        raise argparse.ArgumentTypeError("must be 0 to 2^64 - 1")
    return value


def _levels(text: str) -> tuple[int, ...]:
    levels = tuple(int(part) for part in text.split(","))
    if not all(0 <= level < 2**32 for level in levels):
        raise argparse.ArgumentTypeError("must be numbers such as 3,2,1,0")
    return levels


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
