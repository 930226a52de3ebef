"""Declaring fakes, finding them by name, reserving their addresses."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from seatrial.errors import FakeError
from seatrial.fakes import Fakes


@pytest.fixture
def fakes():
    declared = Fakes({"openai": {}})
    yield declared
    declared.stop()


def test_a_fake_that_is_not_built_in_is_refused_with_the_nearest_name():
    with pytest.raises(FakeError, match=r"'opanai'.*did you mean 'openai'") as refused:
        Fakes({"opanai": {}})
    assert refused.value.code == "fakes.unknown"


def test_options_nobody_knows_are_refused():
    with pytest.raises(FakeError, match="found port"):
        Fakes({"openai": {"port": 80}})


def test_an_undeclared_fake_is_an_error_with_the_nearest_name(fakes):
    with pytest.raises(FakeError, match=r"'openia'.*did you mean 'openai'"):
        fakes.openia  # noqa: B018
    with pytest.raises(FakeError, match="not declared"):
        fakes.url("databricks")


def test_hasattr_works_and_private_names_are_ordinary_attribute_errors(fakes):
    assert hasattr(fakes, "openai")
    assert not hasattr(fakes, "databricks")
    with pytest.raises(AttributeError, match=r"^_private$"):
        fakes._private  # noqa: B018


def test_the_address_is_stable_and_listens_before_the_start(fakes):
    url = fakes.url("openai")
    assert fakes.url("openai") == url
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as early:
        assert early.getpeername() == (host, int(port))


def test_two_sets_of_fakes_get_different_ports(fakes):
    other = Fakes({"openai": {}})
    try:
        assert other.url("openai") != fakes.url("openai")
    finally:
        other.stop()


def test_a_stopped_set_gives_its_port_back(fakes):
    host, port = fakes.url("openai").removeprefix("http://").split(":")
    fakes.start()
    fakes.stop()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((host, int(port)))
        assert again.getsockname() == (host, int(port))


def test_a_forked_child_is_refused_and_cannot_stop_the_parents_server(fakes, monkeypatch):
    fakes.start()
    url = fakes.url("openai")
    parent = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)
    with pytest.raises(FakeError, match="forked child"):
        fakes.url("openai")
    with pytest.raises(FakeError, match="forked child"):
        fakes.start()
    fakes.stop()
    monkeypatch.undo()
    assert fakes.url("openai") == url


def test_importing_the_fakes_loads_no_server():
    code = "import sys, seatrial.fakes; print({'uvicorn', 'starlette', 'openai'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "set()"


def test_a_missing_extra_is_an_error_that_names_it(fakes, monkeypatch):
    monkeypatch.delitem(sys.modules, "seatrial.fakes.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(FakeError, match=r"seatrial\[fakes\]") as refused:
        fakes.start()
    assert refused.value.code == "fakes.extra-missing"
