"""Find remote data stores in `.env` files, which many applications load on their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seatrial.config.hosts import RemoteHost, scan_remote_hosts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

FILES = (".env", ".env.local", ".env.test")

_BINDING = re.compile(
    r"""^[^\S\n]*(?:export[^\S\n]+)?(?:'([^'\n]+)'|([^=\#\s]+))[^\S\n]*=[^\S\n]*
    (?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\n]*))""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"\s\#.*", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([^}:]*)(?::-([^}]*))?\}")


def scan_dotenv(
    folder: Path, env: Mapping[str, str], *, allow: Collection[str] = (), ours: Collection[str] = ()
) -> list[RemoteHost]:
    """Return what `scan_remote_hosts` finds in the `.env` files of a folder.

    Only variables that the environment does not set are looked at: those that are set win over the
    file, in python-dotenv and in pydantic-settings (which takes no notice of upper and lower case).

    Args:
        folder: the folder of the settings file.
        env: the environment as the application will see it.
        allow: hosts that may stay.
        ours: names of variables that are not looked at.
    """
    known = {name.lower() for name in env}
    found: list[RemoteHost] = []
    for file in FILES:
        values = read_dotenv(folder / file, env)
        unset = {name: value for name, value in values.items() if name.lower() not in known}
        found += scan_remote_hosts(unset, allow=allow, ours=ours, origin=file)
    return found


def read_dotenv(file: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of one file, `${NAME}` expanded; empty when it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8-sig", errors="replace") if file.is_file() else ""
    except OSError:
        # What we may not read the application may not read either.
        return {}
    values: dict[str, str] = {}
    for match in _BINDING.finditer(text.replace("\r\n", "\n")):
        quoted_name, name, single, double, bare = match.groups()
        raw = bare if bare is not None else single if single is not None else double
        value = _COMMENT.sub("", raw).strip() if bare is not None else raw
        values[quoted_name or name] = _expand(value, {**values, **env})
    return values


def _expand(value: str, known: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: known.get(match[1], match[2] or ""), value)
