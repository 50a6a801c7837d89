"""``python -m lodestream_server``."""

import sys

from lodestream_server.cli import main

if __name__ == "__main__":
    sys.exit(main())
