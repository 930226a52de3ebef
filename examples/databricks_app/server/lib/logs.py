"""Log records as JSON, one a line, each with the correlation id of its request."""

import logging
import sys
from typing import TextIO

from pythonjsonlogger.json import JsonFormatter

from server.lib.correlation import correlation_id

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s %(correlation_id)s"
_NAMES = {"asctime": "time", "levelname": "level", "name": "logger"}


class JsonHandler(logging.Handler):
    """Writes to standard error, whichever that is at the moment of the record."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter(_FORMAT, rename_fields=_NAMES))
        self.addFilter(_with_correlation_id)

    def emit(self, record: logging.LogRecord) -> None:
        stream: TextIO = sys.stderr
        try:
            stream.write(self.format(record) + "\n")
            stream.flush()
        except Exception:  # noqa: BLE001 - as every handler: a record must not end what it tells of
            self.handleError(record)


def _with_correlation_id(record: logging.LogRecord) -> bool:
    record.correlation_id = correlation_id.get()
    return True


def configure_logging(level: str) -> None:
    """Let the root logger write JSON; once for a process, however many applications it makes."""
    root = logging.getLogger()
    if not any(isinstance(handler, JsonHandler) for handler in root.handlers):
        root.addHandler(JsonHandler())
    logging.getLogger("server").setLevel(level)
