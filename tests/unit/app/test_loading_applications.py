"""Loading: the path's errors are ours, the module's errors are the team's."""

from __future__ import annotations

import asyncio
import sys
import textwrap
import traceback

import pytest

from seatrial.app import load_app
from seatrial.errors import ApplicationError

APPS = """
import asyncio, functools

class Asgi3:
    async def __call__(self, scope, receive, send): ...

class Asgi2:
    def __init__(self, scope): ...
    async def __call__(self, receive, send): ...

class Wsgi:
    def __call__(self, environ, start_response): ...

class Holder:
    inner = Asgi3()

async def function(scope, receive, send): ...
def wsgi_function(environ, start_response): ...
def asgi2_function(scope): ...
def decorated(app):
    async def call(*args): ...
    return call

instance = Asgi3()
wsgi = Wsgi()
hidden = Holder()
class Opaque:
    async def __call__(self, *args): ...
opaque = Opaque()
number = 3

def create_app(name="plain"):
    made = Asgi3(); made.name = name
    return made

def create_needy(config, *, debug=False):
    made = Wsgi(); made.config = config
    return made

async def create_later():
    await asyncio.sleep(0)
    return Asgi3()

partial = functools.partial(create_needy, "bound")
def create_nothing(): return 7
def create_broken(): raise LookupError("the factory's own")
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose modules vanish again."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "shop_apps.py").write_text(APPS)
    (tmp_path / "shop_broken.py").write_text(
        textwrap.dedent("""
        def prepare():
            import shop_missing_library
        prepare()
        """)
    )
    (tmp_path / "shop_exits.py").write_text("raise SystemExit('no settings')")
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("shop_"):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("attribute", "kind"),
    [
        ("instance", "asgi3"), ("function", "asgi3"), ("opaque", "asgi3"), ("hidden.inner", "asgi3"),
        ("Asgi2", "asgi2"), ("asgi2_function", "asgi2"), ("wsgi", "wsgi"), ("wsgi_function", "wsgi"),
        ("create_app", "asgi3"), ("create_later", "asgi3"), ("partial", "wsgi"),
    ],
)  # fmt: skip
def test_kinds_are_told_apart(project, attribute, kind):
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        loaded = load_app(f"shop_apps:{attribute}", root=project)
        asyncio.set_event_loop(None)
    assert loaded.kind == kind


def test_a_factory_gets_its_arguments(project):
    loaded = load_app("shop_apps:create_needy", args={"config": "testing"}, root=project)
    assert (loaded.app.config, loaded.kind) == ("testing", "wsgi")


@pytest.mark.parametrize(
    ("path", "args", "code", "text"),
    [
        ("shop_apps.instance", {}, "app.path-without-colon", "shop_apps.instance"),
        ("shop_apps:", {}, "app.path-without-colon", "shop_apps:"),
        ("shop_aps:instance", {}, "app.module-not-found", "shop_aps"),
        ("shop_apps.deeper:instance", {}, "app.module-not-found", "shop_apps.deeper"),
        ("shop_apps:instanc", {}, "app.attribute-not-found", "did you mean 'instance'"),
        ("shop_apps:hidden.innner", {}, "app.attribute-not-found", "did you mean 'inner'"),
        ("shop_apps:number", {}, "app.not-callable", "int"),
        ("shop_apps:create_nothing", {}, "app.unknown-kind", "int"),
        ("shop_apps:create_needy", {}, "app.factory-args", "config"),
        ("shop_apps:create_app", {"nam": "x"}, "app.factory-args", "nam"),
        ("shop_apps:instance", {"name": "x"}, "app.args-without-factory", "name"),
    ],
)
def test_a_wrong_path_is_explained(project, path, args, code, text):
    with pytest.raises(ApplicationError) as caught:
        load_app(path, args=args, root=project)
    assert caught.value.code == code
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("path", "error", "first_file"),
    [
        ("shop_broken:app", ModuleNotFoundError, "shop_broken.py"),
        ("shop_exits:app", SystemExit, "shop_exits.py"),
        ("shop_apps:create_broken", LookupError, "shop_apps.py"),
    ],
)
def test_errors_of_the_teams_code_arrive_as_they_are(project, path, error, first_file):
    with pytest.raises(error) as caught:
        load_app(path, root=project)
    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    theirs = next(index for index, name in enumerate(files) if name.endswith(first_file))
    # Nothing of the import system comes before their first line.
    assert all("importlib" not in name for name in files[:theirs])
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
