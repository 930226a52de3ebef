"""`[tool.seatrial]`: find it, read it, refuse what is wrong in it, and make an environment of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.lazy import lazy_names

if TYPE_CHECKING:
    from seatrial.config.address import DatabaseAddress
    from seatrial.config.dotenv import scan_dotenv
    from seatrial.config.find import find_settings
    from seatrial.config.hosts import RemoteHost, scan_remote_hosts
    from seatrial.config.load import load_settings
    from seatrial.config.placeholders import PlaceholderValues, render_env
    from seatrial.config.secrets import redact, safe_url
    from seatrial.config.settings import (
        DatabaseSettings,
        DeclaredSkip,
        HonestySettings,
        IdentitySettings,
        Schema,
        Settings,
        User,
    )
    from seatrial.config.unbuilt import refuse_unbuilt

__all__ = [
    "DatabaseAddress",
    "DatabaseSettings",
    "DeclaredSkip",
    "HonestySettings",
    "IdentitySettings",
    "PlaceholderValues",
    "RemoteHost",
    "Schema",
    "Settings",
    "User",
    "find_settings",
    "load_settings",
    "redact",
    "refuse_unbuilt",
    "render_env",
    "safe_url",
    "scan_dotenv",
    "scan_remote_hosts",
]

# An installed and unused plugin asks only `find_settings`: the rest is imported when first named.
__getattr__ = lazy_names(
    __name__,
    {
        "DatabaseAddress": "address",
        "DatabaseSettings": "settings",
        "DeclaredSkip": "settings",
        "HonestySettings": "settings",
        "IdentitySettings": "settings",
        "PlaceholderValues": "placeholders",
        "RemoteHost": "hosts",
        "Schema": "settings",
        "Settings": "settings",
        "User": "settings",
        "find_settings": "find",
        "load_settings": "load",
        "redact": "secrets",
        "refuse_unbuilt": "unbuilt",
        "render_env": "placeholders",
        "safe_url": "secrets",
        "scan_dotenv": "dotenv",
        "scan_remote_hosts": "hosts",
    },
)
