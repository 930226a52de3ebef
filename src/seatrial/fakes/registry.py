"""The fakes a project declares: their addresses, one server for all, one reset for all."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from seatrial.errors import FakeError
from seatrial.fakes.authority import Authority
from seatrial.fakes.declarations import TCP, Declaration, declare, suggest_name
from seatrial.fakes.live import LiveFake
from seatrial.fakes.tcp import TcpService
from seatrial.tcp import ProxyThread, target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from seatrial.fakes.databricks.lakebase import Upstream
    from seatrial.fakes.fake import Fake
    from seatrial.fakes.http.fake import HttpFake
    from seatrial.fakes.journal import Call
    from seatrial.fakes.server import FakeServer, Site

_BACKLOG = 128
_LOOK_S = 0.005


class UnknownFakeError(FakeError, AttributeError):
    """`fakes.<name>` for a fake that is not declared; an AttributeError so that hasattr() works."""


class Fakes:
    """The declared fakes by name, as attributes.

    Args:
        declared: the table `[tool.seatrial.fakes]`: name -> options.
        root: the folder that relative paths in the options start from.
        live: the fakes that pass their calls on -> the URL of the real service.
        inherited: the environment as it was before seatrial changed it, for the targets of TCP services.
        allow_hosts: hosts of other machines that such targets may be on.
        upstream: gives the tested database, for fakes that stand before it.

    Raises:
        FakeError: a kind is not built in, or has options the fake does not know.
    """

    def __init__(
        self,
        declared: Mapping[str, Mapping[str, Any]],
        *,
        root: Path | None = None,
        live: Mapping[str, str] | None = None,
        inherited: Mapping[str, str] | None = None,
        allow_hosts: Collection[str] = (),
        upstream: Callable[[], Upstream] | None = None,
    ) -> None:
        targets = {
            name: target_of(name, options, inherited=inherited or {}, allow_hosts=allow_hosts)
            for name, options in declared.items()
            if options.get("kind", name) == TCP
        }
        self._declared: dict[str, Declaration] = {
            name: declare(name, options, root=root)
            for name, options in declared.items()
            if name not in targets
        }
        # Last: each takes a port at once, and what was declared wrongly is told by now.
        thread = ProxyThread()
        self._services = {name: TcpService(name, target, thread=thread) for name, target in targets.items()}
        for name, url in (live or {}).items():
            mocked = self._declared[name]
            self._declared[name] = replace(mocked, fake=LiveFake(mocked.fake, url=url))
        self._sockets: dict[str, socket.socket] = {}
        self._authority = Authority()
        if upstream is not None:
            for fake in self._all():
                fake.connect(upstream=upstream, tls=self._authority.context)
        self._server: FakeServer | None = None
        self._process = os.getpid()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._services[name] if name in self._services else self._find(name).fake

    def __iter__(self) -> Iterator[str]:
        return iter((*self._declared, *self._services))

    def http(self, name: str) -> HttpFake:
        """The declared fake of the kind `http` with this name: the same as `fakes.<name>`.

        Raises:
            FakeError: it is not declared, or is of another kind.
        """
        declaration = self._find(name)
        if declaration.kind != "http":
            raise FakeError(
                f"fakes.http({name!r}) expects a fake of the kind 'http', found {declaration.kind!r}.",
                code="fakes.kind",
                remedy=f"Use fakes.{name}.",
            )
        return cast("HttpFake", declaration.fake)

    def url(self, name: str) -> str:
        """The address of a fake, such as `http://127.0.0.1:40213`; reserves it, starts nothing.

        A client that connects before `start` waits for it: the socket listens already.

        Raises:
            FakeError: the fake is not declared, or this is a forked child.
        """
        scheme = "https" if self._find(name).https else "http"
        return f"{scheme}://127.0.0.1:{self.port(name)}"

    def port(self, name: str) -> int:
        """The port of a fake; reserves it, starts nothing.

        Raises:
            FakeError: the fake is not declared, or this is a forked child.
        """
        self._refuse_fork()
        if name in self._services:
            return self._services[name].port
        self._find(name)
        if name not in self._sockets:
            self._sockets[name] = listen()
        return int(self._sockets[name].getsockname()[1])

    def listen_on(self, name: str, port: int) -> None:
        """Give a fake this port instead of a free one; 0 is any free one. Before its address is asked for.

        Raises:
            FakeError: the fake is not declared, or the port is taken.
        """
        self._find(name)
        self._sockets[name] = listen(port)

    def part(self, name: str, part: str) -> str:
        """The value of the placeholder `{fakes.<name>.<part>}`, or of `{fakes.ca_file}` without a name.

        Raises:
            FakeError: the fake is not declared, trustme is missing, or this is a forked child.
        """
        if part == "ca_file":
            return self.ca_file()
        port = str(self.port(name))
        values = {"host": "127.0.0.1", "port": port, "address": f"127.0.0.1:{port}"}
        if part in values:
            return values[part]
        url = self.url(name)
        return url if part == "url" else self._find(name).fake.part(part, url=url)

    def ca_file(self) -> str:
        """The path of a file with every certificate a client has to trust, the fakes' authority among them.

        Raises:
            FakeError: trustme is missing, or this is a forked child.
        """
        self._refuse_fork()
        return str(self._authority.bundle)

    def start(self) -> None:
        """Serve every declared fake; a second call does nothing.

        Raises:
            FakeError: the extra `fakes` is missing, the server does not start, or this is a forked child.
        """
        self._refuse_fork()
        for service in self._services.values():
            service.start()
        if self._server is not None or not self._declared:
            return
        server = _server_class()
        self._server = server([self._site(name) for name in self._declared])
        self._server.start()
        for fake in self._all():
            fake.begin()

    def _site(self, name: str) -> Site:
        from seatrial.fakes.server import Site  # noqa: PLC0415 - the extra, and start-up time

        declaration = self._declared[name]
        self.port(name)
        return Site(
            application=declaration.fake.application(),
            listener=self._sockets[name],
            tls=self._authority.context(declaration.fake.note_distrust) if declaration.https else None,
            at_end=declaration.fake.at_end,
        )

    def stop(self) -> None:
        """End the server and give the ports back; a forked child leaves its parent's server alone."""
        if os.getpid() != self._process:
            return
        self.reset()
        if self._server is not None:
            self._server.stop()
            self._server = None
        for service in self._services.values():
            service.stop()
        for fake in self._all():
            fake.close()
        for reserved in self._sockets.values():
            reserved.close()
        self._sockets.clear()
        self._authority.close()

    def reset(self) -> None:
        """Empty every fake: calls, scripted replies, faults; calls that hang are let go."""
        for fake in self._everything():
            fake.reset()

    def calm(self) -> None:
        """A test is over: what hangs in TCP services because of its faults is let go."""
        for service in self._services.values():
            service.calm()

    def calls(self) -> list[tuple[str, Call]]:
        """Everything that was asked since the last reset, each with the name of the fake."""
        return [(fake.name, call) for fake in self._all() for call in fake.calls()]

    def problems(self, *, grace: float = 0.0, unmet: bool = True) -> list[str]:
        """Why the test that is over must fail, if it must, each with the fake's name.

        Args:
            grace: seconds to wait for answers that are still being sent.
            unmet: whether to name also what was scripted and never asked for.
        """
        end = time.monotonic() + grace
        while any(fake.unfinished() for fake in self._all()) and time.monotonic() < end:
            time.sleep(_LOOK_S)
        return [
            f"{fake.name}: {problem}" for fake in self._everything() for problem in fake.problems(unmet=unmet)
        ]

    def _all(self) -> list[Fake]:
        return [declaration.fake for declaration in self._declared.values()]

    def _everything(self) -> list[Fake | TcpService]:
        return [*self._all(), *self._services.values()]

    def _find(self, name: str) -> Declaration:
        declaration = self._declared.get(name)
        if declaration is None and name in self._services:
            raise FakeError(
                f"The fake {name!r} is of the kind 'tcp': it speaks no HTTP, and has no URL.",
                code="fakes.kind",
                remedy=f"Use fakes.{name}.faults in tests, and {{fakes.{name}.address}} in "
                "[tool.seatrial.env].",
            )
        if declaration is None:
            raise UnknownFakeError(
                f"A fake named {name!r} is not declared{suggest_name(name, self)}.",
                code="fakes.undeclared",
                remedy=f"Add `{name} = {{}}` to [tool.seatrial.fakes], or use a declared one: "
                f"{', '.join(self) or 'none so far'}.",
            )
        return declaration

    def _refuse_fork(self) -> None:
        if os.getpid() != self._process:
            raise FakeError(
                "The fakes belong to the process that declared them; this is a forked child of it.",
                code="fakes.forked",
                remedy="Start child processes by spawn, or use the addresses in their environment.",
            )


def _server_class() -> type[FakeServer]:
    try:
        import seatrial.fakes.exchange  # noqa: F401, PLC0415 - the extra, and start-up time
        from seatrial.fakes.server import FakeServer  # noqa: PLC0415
    except ImportError as missing:
        raise FakeError(
            f"Fakes need uvicorn and starlette; importing them failed: {missing}.",
            code="fakes.extra-missing",
            remedy='Install the extra: pip install "seatrial[fakes]".',
        ) from missing
    return FakeServer


def listen(port: int = 0) -> socket.socket:
    """A socket that listens on 127.0.0.1, on a free port unless one is named.

    Raises:
        FakeError: the port is taken, or may not be opened.
    """
    # asyncio sets TCP_NODELAY only on sockets that name their protocol; without it every
    # keep-alive call costs some 45 ms.
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if port:
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", port))
        reserved.listen(_BACKLOG)
    except OSError as refused:
        reserved.close()
        raise FakeError(
            f"A fake should listen on 127.0.0.1:{port}, but that was refused: {refused.strerror}.",
            code="fakes.port",
            remedy="End what uses the port, or choose another; 0 is any free one.",
        ) from refused
    return reserved
