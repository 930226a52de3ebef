"""Read `[tool.seatrial.identities.login]`: the request by which a user logs in."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

from seatrial.config.load_schemes import check_header_name
from seatrial.config.settings import LoginSettings

if TYPE_CHECKING:
    from seatrial.config.table import Table

_METHOD = re.compile(r"[A-Z]+")


def load_login(table: Table, scheme: str) -> LoginSettings | None:
    """Return the login; the scheme `session` needs one."""
    login = table.table("login")
    if login is None:
        if scheme == "session":
            raise table.error(
                "login",
                'scheme = "session" needs the request by which a user logs in.',
                code="settings.missing-key",
                remedy='Write login = { path = "/login", form = { name = "{user.name}" } }; or json.',
            )
        return None
    login.only(*(field.name for field in fields(LoginSettings)))
    _check_login(login)
    return LoginSettings(
        path=_path(login, "path") or login.required_text("path"),
        method=_method(login),
        json=login.free("json"),
        form=login.free("form"),
        status=login.integer("status", lowest=200, highest=399),
        csrf_cookie=login.text("csrf_cookie"),
        csrf_header=login.text("csrf_header") or LoginSettings.csrf_header,
        csrf_path=_path(login, "csrf_path"),
    )


def _check_login(table: Table) -> None:
    if "json" in table and "form" in table:
        raise table.error(
            "",
            "expected json or form, found both.",
            code="settings.bad-value",
            remedy="Keep the one that the application reads.",
        )
    for key in ("csrf_header", "csrf_path"):
        if key in table and "csrf_cookie" not in table:
            raise table.error(
                "csrf_cookie",
                f"this key is required beside {key}.",
                code="settings.missing-key",
                remedy='Name the cookie that holds the token, such as csrf_cookie = "csrftoken".',
            )
    if "csrf_header" in table:
        check_header_name(table, "csrf_header", table.required_text("csrf_header"))
    for name, value in table.free("form").items():
        if isinstance(value, (list, dict)):
            raise table.wrong_type(f"form.{name}", "a text", value)


def _method(table: Table) -> str:
    method = (table.text("method") or LoginSettings.method).upper()
    if not _METHOD.fullmatch(method):
        raise table.error(
            "method",
            f"{method!r} is no HTTP method.",
            code="settings.bad-value",
            remedy='Use "POST", or "GET" or "PUT".',
        )
    return method


def _path(login: Table, key: str) -> str | None:
    path = login.text(key)
    if path is not None and not path.startswith("/"):
        raise login.error(
            key,
            "expected a path on the application, beginning with a slash.",
            code="settings.bad-value",
            remedy=f'Write {key} = "/login".',
        )
    return path
