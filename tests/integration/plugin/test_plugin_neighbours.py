"""Projects that have fixtures of their own, other plugins, or nothing to do with seatrial."""

from __future__ import annotations

import sys

from tests.support.project import Project

DJANGO = ("-p", "pytest_django.plugin")

OWN_CONFTEST = """
import pytest

pytest_plugins = ["shop_fixtures"]

@pytest.fixture
def client():
    return "their client"

@pytest.fixture
def db(db):
    return ("their db around ours", db)
"""

OWN_PLUGIN = """
import pytest

@pytest.fixture
def identities():
    return "their identities"

@pytest.fixture
def anchor(seatrial_client):
    return seatrial_client.post("/orders", params={"item": "anchor"}).json()["id"]
"""

OWN_TESTS = """
def test_theirs_win(client, db, identities):
    assert client == "their client"
    assert db[0] == "their db around ours"
    assert db[1].scalar("select count(*) from orders") == 0
    assert identities == "their identities"

def test_ours_are_there_under_the_long_name(client, anchor, seatrial_db, seatrial_client):
    assert client == "their client"
    assert seatrial_client.get("/orders").json() == ["anchor"]
    assert seatrial_db.scalar("select id from orders") == anchor

def test_unbound(client):
    pass
"""


def test_fixtures_of_the_project_win(project: Project) -> None:
    project.shop(OWN_TESTS, **{"conftest.py": OWN_CONFTEST, "shop_fixtures.py": OWN_PLUGIN})
    result = project.pytest().expect(passed=3)
    assert "2 used seatrial" in result.output
    assert "`identities` belong to shop_fixtures here" in result.output


def test_a_django_plugin_without_django_leaves_the_names_to_us(project: Project) -> None:
    test = "def test_it(client, db):\n    assert client.get('/orders').json() == db.rows('table orders')\n"
    result = project.shop(test).pytest(*DJANGO).expect(passed=1)
    assert "pytest_django.plugin is installed and not configured here, so `async_client`," in result.output
    assert "the fixture" not in project.pytest(*DJANGO, "-q").expect(passed=1).output


DJANGO_SETTINGS = """
SECRET_KEY = "not a secret"
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["django.contrib.contenttypes"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
"""

DJANGO_URLS = """
from django.http import JsonResponse
from django.urls import path

urlpatterns = [path("hello", lambda request: JsonResponse({"from": request.META["SERVER_NAME"]}))]
"""

DJANGO_TESTS = """
import pytest
from django.contrib.contenttypes.models import ContentType

@pytest.mark.django_db
def test_django_as_before(client):
    assert client.get("/hello").json() == {"from": "testserver"}
    assert ContentType.objects.count() >= 1

def test_a_database_test_of_django(db):
    ContentType.objects.create(app_label="shop", model="order")

def test_ours(seatrial_client, seatrial_db):
    assert seatrial_client.get("/hello").json() == {"from": "localhost"}
    assert seatrial_db.scalar("select count(*) from ports") == 0
"""


def test_a_configured_django_plugin_keeps_its_names(project: Project) -> None:
    settings = """
    [tool.seatrial]
    app = "wsgi:application"
    [tool.seatrial.database]
    schema = { sql = ["schema.sql"] }
    """
    wsgi = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
    files = {
        "pyproject.toml": settings,
        "schema.sql": "create table ports (id int);\n",
        "settings.py": DJANGO_SETTINGS + 'ALLOWED_HOSTS = ["localhost", "testserver"]\n',
        "urls.py": DJANGO_URLS,
        "wsgi.py": wsgi,
        "test_site.py": DJANGO_TESTS,
    }
    result = project.write(files).pytest(*DJANGO, DJANGO_SETTINGS_MODULE="settings").expect(passed=3)
    line = "`async_client`, `client`, `db` belong to pytest_django.plugin here; ours begin with `seatrial_`"
    assert line in result.output
    assert "1 used seatrial" in result.output


UNUSED = """
import os
import sys

def test_nothing_of_ours(request):
    manager = request.config.pluginmanager
    assert [name for name, _ in manager.list_name_plugin() if "seatrial" in name] == ["seatrial.plugin"]
    ours = {name for name in sys.modules if name.startswith("seatrial.")}
    names = {"plugin", "config", "config.find", "errors", "lazy"}
    assert ours == {f"seatrial.{name}" for name in names}, ours
    assert not {"psycopg", "asyncpg", "httpx2", "jwt", "sqlalchemy", "fastapi"} & set(sys.modules)
    assert not any(name.startswith(("PG", "SEATRIAL_INHERITED")) for name in os.environ)
"""


def test_an_unused_plugin_does_nothing(project: Project) -> None:
    project.write({"pyproject.toml": "[tool.ruff]\n", "test_it.py": UNUSED})
    result = project.pytest().expect(passed=1)
    assert "seatrial" not in result.output
    project.write({"test_it.py": "def test_it(seatrial_client): pass\n"})
    output = project.pytest().expect(1, error=1).output
    assert "fixture 'seatrial_client' not found" in output
    assert "seatrial_db" not in output


def test_importing_the_plugin_imports_nothing_heavy(project: Project) -> None:
    program = """
    import sys
    import pytest
    before = set(sys.modules)
    import seatrial.plugin
    print(sorted(set(sys.modules) - before))
    """
    project.write({"measure.py": program})
    loaded = project.run(sys.executable, "measure.py").output
    assert loaded == "['seatrial', 'seatrial.lazy', 'seatrial.plugin']\n"
