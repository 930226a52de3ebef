"""`python -m seatrial`: the command, where its script is not on PATH."""

import sys

from seatrial.cli import main

sys.exit(main())
