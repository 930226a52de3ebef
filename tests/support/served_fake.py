"""Serve one fake in a process of its own, as somebody else's service; it ends with its input."""

from __future__ import annotations

import sys

from seatrial.fakes import Fakes

kind, https = sys.argv[1], "https" in sys.argv[2:]
fakes = Fakes({kind: {"https": https}})
fakes.start()
sys.stdout.write(f"{fakes.url(kind)} {fakes.ca_file() if https else '-'}\n")
sys.stdout.flush()
sys.stdin.read()
fakes.stop()
