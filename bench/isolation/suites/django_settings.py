"""Django's settings for the tables of `shop`."""

from bench.isolation.suites.server import server_url

server = server_url()
SECRET_KEY = "bench"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["bench.isolation.suites.shop"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": server.username,
        "PASSWORD": server.password,
        "HOST": server.host,
        "PORT": server.port,
        "TEST": {"NAME": "django"},
    }
}
