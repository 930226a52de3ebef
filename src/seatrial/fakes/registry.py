"""The fakes a project declares: their addresses, one server for all, one reset for all."""

from __future__ import annotations

import difflib
import os
import socket
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.openai.fake import OpenAIFake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from seatrial.fakes.server import FakeServer

_BUILT_IN = {"openai": OpenAIFake}
_BACKLOG = 128


class UnknownFakeError(FakeError, AttributeError):
    """`fakes.<name>` for a fake that is not declared; an AttributeError so that hasattr() works."""


class Fakes:
    """The declared fakes by name, as attributes.

    Args:
        declared: the table `[tool.seatrial.fakes]`: name -> options.

    Raises:
        FakeError: a name is not built in, or has options the fake does not know.
    """

    def __init__(self, declared: Mapping[str, Mapping[str, Any]]) -> None:
        for name, options in declared.items():
            _check_declaration(name, options)
        self._fakes = {name: _BUILT_IN[name]() for name in declared}
        self._sockets: dict[str, socket.socket] = {}
        self._server: FakeServer | None = None
        self._process = os.getpid()

    def __getattr__(self, name: str) -> OpenAIFake:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._find(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fakes)

    def url(self, name: str) -> str:
        """The address of a fake, such as `http://127.0.0.1:40213`; reserves it, starts nothing.

        A client that connects before `start` waits for it: the socket listens already.

        Raises:
            FakeError: the fake is not declared, or this is a forked child.
        """
        self._refuse_fork()
        self._find(name)
        if name not in self._sockets:
            self._sockets[name] = _listen()
        return f"http://127.0.0.1:{self._sockets[name].getsockname()[1]}"

    def start(self) -> None:
        """Serve every declared fake; a second call does nothing.

        Raises:
            FakeError: the extra `fakes` is missing, the server does not start, or this is a forked child.
        """
        self._refuse_fork()
        if self._server is not None or not self._fakes:
            return
        server_class = _server_class()
        ports = {name: int(self.url(name).rpartition(":")[2]) for name in self._fakes}
        applications = {port: self._fakes[name].application() for name, port in ports.items()}
        self._server = server_class(applications, list(self._sockets.values()))
        self._server.start()

    def stop(self) -> None:
        """End the server and give the ports back; a forked child leaves its parent's server alone."""
        if os.getpid() != self._process:
            return
        self.reset()
        if self._server is not None:
            self._server.stop()
            self._server = None
        for reserved in self._sockets.values():
            reserved.close()
        self._sockets.clear()

    def reset(self) -> None:
        """Empty every fake: calls, scripted replies, faults; calls that hang are let go."""
        for fake in self._fakes.values():
            fake.reset()

    def _find(self, name: str) -> OpenAIFake:
        fake = self._fakes.get(name)
        if fake is None:
            raise UnknownFakeError(
                f"A fake named {name!r} is not declared{_nearest(name, self._fakes)}.",
                code="fakes.undeclared",
                remedy=f"Add `{name} = {{}}` to [tool.seatrial.fakes], or use a declared one: "
                f"{', '.join(self._fakes) or 'none so far'}.",
            )
        return fake

    def _refuse_fork(self) -> None:
        if os.getpid() != self._process:
            raise FakeError(
                "The fakes belong to the process that declared them; this is a forked child of it.",
                code="fakes.forked",
                remedy="Start child processes by spawn, or use the addresses in their environment.",
            )


def _check_declaration(name: str, options: Mapping[str, Any]) -> None:
    if name not in _BUILT_IN:
        raise FakeError(
            f"[tool.seatrial.fakes] names {name!r}, which is not built in{_nearest(name, _BUILT_IN)}.",
            code="fakes.unknown",
            remedy=f"Use one of: {', '.join(sorted(_BUILT_IN))}.",
        )
    if options:
        raise FakeError(
            f"The fake {name!r} expects no options, found {', '.join(sorted(options))}.",
            code="fakes.options",
            remedy=f"Write `{name} = {{}}` in [tool.seatrial.fakes].",
        )


def _nearest(name: str, known: Iterable[str]) -> str:
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""


def _listen() -> socket.socket:
    # asyncio sets TCP_NODELAY only on sockets that name their protocol; without it every
    # keep-alive call costs some 45 ms.
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    reserved.bind(("127.0.0.1", 0))
    reserved.listen(_BACKLOG)
    return reserved


def _server_class() -> type[FakeServer]:
    try:
        from seatrial.fakes.server import FakeServer  # noqa: PLC0415 - the extra, and start-up time
    except ImportError as missing:
        raise FakeError(
            f"Fakes need uvicorn and starlette; importing them failed: {missing}.",
            code="fakes.extra-missing",
            remedy='Install the extra: pip install "seatrial[fakes]".',
        ) from missing
    return FakeServer
