"""``lodestream-server token new``: makes a token."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lodestream_server.errors import ConfigError
from lodestream_server.security import tokens


def main(argv: Sequence[str]) -> None:
    """Prints a new token, which is kept nowhere, and the line that makes the worker know it.

    Args:
        argv: What follows ``token`` on the command line.

    Raises:
        ConfigError: Name, scopes or expiry make no sense.
        SystemExit: The command line cannot be parsed (2), or asked for help (0).
    """
    arguments = _parser().parse_args(argv)
    try:
        secret, line = tokens.new(arguments.name, arguments.scopes, arguments.expires)
    except ValueError as error:
        raise ConfigError("token new", str(error)) from None
    sys.stdout.write(
        f"# the token, shown only now: give it to its user\n{secret}\n# the line for the file of --tokens\n{line}\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lodestream-server token", description="Tokens of callers.", allow_abbrev=False
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    new = commands.add_parser("new", help="make a token and the line for the file of --tokens", allow_abbrev=False)
    new.add_argument("--name", required=True, help="whose it is; limits count by name")
    default = "generate,preview,resume"
    new.add_argument(
        "--scopes", default=default, help=f"of {','.join(tokens.SCOPES)}, with commas between (default: {default})"
    )
    new.add_argument("--expires", metavar="DATE", help="date or time in ISO 8601 (default: never)")
    return parser
