"""Say in one line what this machine lacks, before anything is installed. Runs on any Python 3."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "seatrial needs Python 3.11 or newer, found %d.%d; name one with `make PYTHON=python3.12`"
        % sys.version_info[:2]
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit("this Python cannot make environments; on Debian and Ubuntu: apt-get install python3-venv")
