"""How tests sign in: with the token of a profile, as the platform would forward it."""

from functools import cache

from databricks.sdk.core import Config


def headers(user, _tenant):
    """The header of a user. The profile is in DATABRICKS_CONFIG_FILE, and of any kind the SDK knows."""
    bearer = _config(user["profile"]).authenticate()["Authorization"]
    return {"X-Forwarded-Access-Token": bearer.removeprefix("Bearer ")}


@cache
def _config(profile):
    # The service principal's variables are for the application; empty ones are as good as none.
    return Config(profile=profile, client_id="", client_secret="")
