"""A certificate authority for one run: what makes a client believe a fake over https."""

from __future__ import annotations

import ssl
from functools import cached_property
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Callable

    import trustme

    from seatrial.postgres.server.runs import RunFolder

_NAMES = ("localhost", "127.0.0.1", "::1")


class Authority:
    """Signs the certificate of the fakes; nothing of it is kept after the run."""

    def __init__(self) -> None:
        self._folder: RunFolder | None = None

    @cached_property
    def bundle(self) -> Path:
        """A file for `SSL_CERT_FILE`: the authority's certificate, and those that clients trust anyway."""
        from seatrial.postgres.server.runs import create_roomy_run  # noqa: PLC0415 - only fakes over https

        self._folder = create_roomy_run("authority")
        path = self._folder.path / "ca.pem"
        path.write_bytes(_trusted_anyway() + self._authority.cert_pem.bytes())
        return path

    def context(self, on_distrust: Callable[[], None]) -> ssl.SSLContext:
        """What a server needs to answer https as `localhost` and `127.0.0.1`.

        Args:
            on_distrust: told when a client turns the certificate down.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._leaf.configure_cert(context)
        context.sslobject_class = _listening(on_distrust)
        return context

    @cached_property
    def _leaf(self) -> trustme.LeafCert:
        return self._authority.issue_cert(*_NAMES)

    @cached_property
    def _authority(self) -> trustme.CA:
        try:
            import trustme  # noqa: PLC0415 - an extra, and only fakes over https
        except ImportError as missing:
            raise FakeError(
                f"A fake over https needs trustme; importing it failed: {missing}.",
                code="fakes.extra-missing",
                remedy='Install the extra: pip install "seatrial[fakes]".',
            ) from missing
        return trustme.CA(organization_name="seatrial, for this run only")

    def close(self) -> None:
        """Remove the file."""
        if self._folder is not None:
            self._folder.remove()
            self._folder = None


def _trusted_anyway() -> bytes:
    candidates = [ssl.get_default_verify_paths().cafile]
    if find_spec("certifi") is not None:  # the trust of most clients, where the system keeps none in a file
        candidates.append(str(files("certifi").joinpath("cacert.pem")))
    return next((Path(name).read_bytes() for name in candidates if name and Path(name).is_file()), b"")


def _listening(on_distrust: Callable[[], None]) -> type[ssl.SSLObject]:
    """A side of TLS that tells when the other one says no: asyncio only closes the connection then."""

    class Listening(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except ssl.SSLError as error:
                if "ALERT" in (error.reason or ""):
                    on_distrust()
                raise

    return Listening
