"""Users who log in to a Django site, with its own views, its sessions in the database and its CSRF check."""

from __future__ import annotations

from tests.support.project import Project

SITE = {
    "pyproject.toml": """
    [tool.seatrial]
    app = "site_wsgi:application"
    [tool.seatrial.env]
    DJANGO_SETTINGS_MODULE = "site_settings"
    DB_NAME = "{database.name}"
    [tool.seatrial.database]
    engine = "sqlite"
    schema = { command = "python -m django migrate" }
    seeds = ["site_seeds:users"]
    [tool.seatrial.identities]
    scheme = "session"
    [tool.seatrial.identities.login]
    path = "/accounts/login/"
    form = { username = "{user.name}", password = "{user.password}" }
    csrf_cookie = "csrftoken"
    [tool.seatrial.identities.users]
    ada = { password = "analytical-1" }
    grace = { password = "compiler-2" }
    mallory = { password = "not-this-one-3" }
    """,
    "site_settings.py": """
    import os

    SECRET_KEY = "x"
    ALLOWED_HOSTS = ["*"]
    USE_TZ = True
    ROOT_URLCONF = "site_urls"
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    LOGIN_REDIRECT_URL = "/me"
    INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
    MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
    TEMPLATES = [{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {
            "registration/login.html": "<form method=post>{% csrf_token %}{{ form }}</form>",
        })]},
    }]
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DB_NAME"]}}
    """,
    "site_seeds.py": """
    def users(db):
        import django
        django.setup()
        from django.contrib.auth.models import User
        User.objects.create_user("ada", password="analytical-1")
        User.objects.create_user("grace", password="compiler-2")
        User.objects.create_user("mallory", password="another")
    """,
    "site_urls.py": """
    from django.contrib.auth.views import LoginView, LogoutView
    from django.http import JsonResponse
    from django.urls import path

    def me(request):
        if not request.user.is_authenticated:
            return JsonResponse({}, status=401)
        if request.method == "POST":
            request.session["note"] = request.POST["note"]
        return JsonResponse({"name": request.user.username, "note": request.session.get("note")})

    urlpatterns = [
        path("accounts/login/", LoginView.as_view()),
        path("accounts/logout/", LogoutView.as_view(next_page="/me")),
        path("me", me),
    ]
    """,
    "site_wsgi.py": """
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    """,
    "test_site.py": """
    import asyncio
    import pytest

    SESSIONS = "select count(*) from django_session"

    @pytest.mark.parametrize("turn", range(3))
    def test_a_session_of_each_test(client, db, turn):
        assert db.scalar(SESSIONS) == 0
        ada = client.as_user("ada")
        assert db.scalar(SESSIONS) == 1
        assert ada.get("/me").json() == {"name": "ada", "note": None}
        assert ada.post("/me", data={"note": "x"}).json() == {"name": "ada", "note": "x"}
        assert client.as_user("ada").get("/me").json()["note"] == "x", "one login for a test and user"
        assert client.as_user("grace").get("/me").json() == {"name": "grace", "note": None}
        assert db.scalar(SESSIONS) == 2
        assert client.anonymous().get("/me").status_code == client.get("/me").status_code == 401

    @pytest.mark.parametrize("turn", range(2))
    def test_asynchronous(async_client, db, turn):
        async def call():
            ada = async_client.as_user("ada")
            assert (await ada.post("/me", data={"note": "y"})).json() == {"name": "ada", "note": "y"}
            return await asyncio.gather(*(ada.get("/me") for _ in "123"))
        assert [answer.json()["name"] for answer in asyncio.run(call())] == ["ada"] * 3
        assert db.scalar(SESSIONS) == 1

    @pytest.mark.parametrize("kind", ["none", "malformed", "wrong_key"])
    def test_forged_sessions(client, identities, kind):
        assert client.as_identity(identities.forged(kind, user="ada")).get("/me").status_code == 401
        assert client.as_identity(identities["ada"]).get("/me").json()["name"] == "ada"

    def test_the_client_takes_what_the_site_changes(client):
        ada = client.as_user("ada")
        without = ada.post("/me", data={"note": "z"}, headers={"X-CSRFToken": "wrong"})
        assert without.status_code == 403
        assert ada.post("/accounts/logout/").status_code == 302
        assert ada.get("/me").status_code == 401

    def test_a_login_that_fails(client):
        client.as_user("mallory")
    """,
    "test_staying.py": """
    import pytest

    SESSIONS = "select count(*) from django_session"

    @pytest.fixture(scope="module")
    def staying(shared_client):
        return shared_client.as_user("grace")

    @pytest.mark.parametrize("turn", range(3))
    def test_a_shared_session_lives_as_long_as_its_fixture(staying, client, db, turn):
        assert staying.post("/me", data={"note": str(turn)}).json() == {"name": "grace", "note": str(turn)}
        assert client.as_user("grace").get("/me").json()["note"] is None, "a session of its own"
        assert db.scalar(SESSIONS) == 2
    """,
}


def test_a_django_site_with_csrf(project: Project) -> None:
    arguments = ("-W", "ignore::DeprecationWarning", "-p", "xdist", "-n", "2")
    result = project.write(SITE).pytest(*arguments).expect(status=1, passed=12, failed=1)
    assert "The login of user 'mallory' failed at POST /accounts/login/" in result.output
    assert "it answered 200 and set no cookie for a session. [identities.login-failed]" in result.output
    assert "not-this-one-3" not in result.output
