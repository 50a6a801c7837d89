"""``python -m lodestream``."""

import sys

from lodestream.cli import main

if __name__ == "__main__":
    sys.exit(main())
