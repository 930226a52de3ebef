"""The two files libpq consults by itself: services, which add a place to go, and passwords."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.postgres.choice.refusal import HOST, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping


def account_name() -> str | None:
    """The account this process runs as; a user id in a container may have none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None


def home(environ: Mapping[str, str]) -> Path | None:
    """The user's home folder, if there is one."""
    if environ.get("HOME"):
        return Path(environ["HOME"])
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:
        return None


def read_service(name: str, environ: Mapping[str, str], *, servicefile: str = "") -> dict[str, str]:
    """The parameters of a service, from the files whose place does not depend on how libpq was built.

    Raises:
        Refusal: no such service there, so where it leads cannot be known.
    """
    for path in _service_files(environ, servicefile):
        try:
            section = _section(path.read_text("utf-8"), name)
        except (OSError, UnicodeDecodeError):
            continue
        if section is not None:
            return section
    raise Refusal(
        HOST,
        "a service that is defined in no file we can find, so where it leads is unknown",
        remedy="Set PGSERVICEFILE to the file that defines the service, or give host, port and database.",
    )


def _service_files(environ: Mapping[str, str], servicefile: str) -> list[Path]:
    named = servicefile or environ.get("PGSERVICEFILE")
    if named:
        return [Path(named)]
    folder = home(environ)
    files = [folder / ".pg_service.conf"] if folder else []
    if environ.get("PGSYSCONFDIR"):
        files.append(Path(environ["PGSYSCONFDIR"]) / "pg_service.conf")
    return files


def _section(text: str, name: str) -> dict[str, str] | None:
    found: dict[str, str] | None = None
    for line in (raw.strip() for raw in text.splitlines()):
        if line.startswith("["):
            if found is not None:
                return found
            found = {} if line == f"[{name}]" else None
        elif found is not None and line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            if not equals:
                raise Refusal(
                    HOST,
                    "a service whose definition only libpq could follow (a directory lookup)",
                    remedy="Give host, port and database instead of the service.",
                )
            found.setdefault(key, value)
    return found


def stored_password(path: Path | None, *, host: str, port: int, database: str, user: str) -> str | None:
    """The password libpq would take from a password file, under libpq's conditions."""
    try:
        if path is None or not path.is_file() or path.stat().st_mode & 0o077:
            return None
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    wanted = (host, str(port), database, user)
    for line in lines:
        fields = [re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"((?:[^:\\]|\\.)*)(?::|$)", line)]
        if line.startswith("#") or len(fields) <= len(wanted):
            continue
        if all(have in ("*", want) for have, want in zip(fields, wanted, strict=False)):
            return fields[len(wanted)]
    return None
