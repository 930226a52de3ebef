"""How tests sign in: with the token of a profile, as the platform would forward it."""

import os
from configparser import ConfigParser
from functools import cache
from pathlib import Path

from databricks.sdk.core import Config


def headers(user, _tenant):
    """The header of a user, from their profile in DATABRICKS_CONFIG_FILE."""
    bearer = _config(user["profile"]).authenticate()["Authorization"]
    return {"X-Forwarded-Access-Token": bearer.removeprefix("Bearer ")}


@cache
def _config(profile):
    # The application's service principal is in the environment too, so the SDK has to be told which of the
    # two signs in. `databricks auth login` writes that into the profile; one with a token says nothing.
    profiles = ConfigParser(interpolation=None)
    profiles.read(Path(os.environ.get("DATABRICKS_CONFIG_FILE", "~/.databrickscfg")).expanduser())
    kind = profiles.get(profile, "auth_type", fallback="pat")
    return Config(profile=profile, auth_type=kind)
