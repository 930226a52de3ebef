"""A Django site: migrated by its own command, with connections that outlive requests."""

from __future__ import annotations

from tests.support.project import Project

SITE = {
    "pyproject.toml": """
    [tool.seatrial]
    app = "site_wsgi:application"
    [tool.seatrial.env]
    DJANGO_SETTINGS_MODULE = "site_settings"
    DB_HOST = "{database.host}"
    DB_PORT = "{database.port}"
    DB_NAME = "{database.name}"
    DB_USER = "{database.user}"
    DB_PASSWORD = "{database.password}"
    [tool.seatrial.database]
    schema = { command = "python -m django migrate" }
    """,
    "site_settings.py": """
    import os

    SECRET_KEY = "x"
    ALLOWED_HOSTS = ["*"]
    USE_TZ = True
    ROOT_URLCONF = "site_urls"
    INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    DATABASES = {"default": {
        "ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 600,
        **{key: os.environ["DB_" + key] for key in ("HOST", "PORT", "NAME", "USER", "PASSWORD")},
    }}
    """,
    "site_urls.py": """
    from django.contrib.auth.models import User
    from django.http import JsonResponse
    from django.urls import path

    def users(request):
        if request.method == "GET":
            return JsonResponse({"names": [user.username for user in User.objects.all()]})
        return JsonResponse({"id": User.objects.create_user(request.GET["name"]).id}, status=201)

    urlpatterns = [path("users", users)]
    """,
    "site_wsgi.py": """
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    """,
    "test_site.py": """
    import pytest

    @pytest.mark.parametrize("attempt", range(3))
    def test_a_user_is_created(client, attempt):
        assert client.get("/users").json() == {"names": []}
        assert client.post("/users", params={"name": "ada"}).json() == {"id": 1}
        assert client.get("/users").json() == {"names": ["ada"]}

    @pytest.mark.parametrize("attempt", range(3))
    def test_models_in_the_test_itself(client, attempt):
        from django.contrib.auth.models import User
        assert User.objects.create_user("grace").id == 1
        assert client.get("/users").json() == {"names": ["grace"]}
    """,
}


def test_kept_connections_survive_every_replacement(project: Project) -> None:
    project.write(SITE).pytest("-W", "ignore::DeprecationWarning").expect(passed=6)
