"""The scheme `session`: users who log in to the application, and the cookies it gives them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NoReturn

import httpx2

from seatrial.config.credentials import expand_login
from seatrial.errors import IdentityError
from seatrial.identities.scheme import needs_user, no_single_text, no_tokens, tampered, unknown_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seatrial.config.settings import IdentitySettings, LoginSettings

KINDS = ("none", "malformed", "wrong_key")
MALFORMED = "this-is-not-a-session"
_FIRST_ERROR_STATUS = 400


class Logins:
    """Logs users in lazily, each at most once per test.

    Args:
        settings: users, and the request by which they log in.
        open_client: gives a client of the running application, without credentials; it is closed after use.

    Raises:
        IdentityError: the login cannot be made for every user, or there is none in the settings.
    """

    def __init__(self, settings: IdentitySettings, *, open_client: Callable[[], httpx2.Client]) -> None:
        if settings.login is None:
            raise IdentityError(
                "The scheme 'session' needs the request by which a user logs in.",
                code="identities.no-login",
                remedy="Write the table identities.login.",
            )
        self._login: LoginSettings = settings.login
        self._requests = {
            name: expand_login(settings, self._login, user) for name, user in settings.users.items()
        }
        self._open_client = open_client
        self._cookies: dict[str, dict[str, str]] = {}
        # Two threads of one test that speak as the same user share its session.
        self._lock = threading.Lock()

    def headers(self, user: str) -> Mapping[str, str]:
        """The cookies of this test's session of a user, which logs in if it has not yet.

        Raises:
            IdentityError: the login failed.
        """
        return self._as_headers(self._of_this_test(user))

    def headers_anew(self, user: str) -> Mapping[str, str]:
        """The cookies of a session that nobody else has."""
        return self._as_headers(self._log_in(user))

    def forged(self, kind: str, user: str | None) -> Mapping[str, str]:
        """No cookie, or those of a good session with a value that the application never gave.

        Raises:
            IdentityError: the kind is unknown, no user is declared, or the login failed.
        """
        if kind not in KINDS:
            raise unknown_kind(kind, KINDS, scheme="session")
        if kind == "none":
            return {}
        if user is None:
            raise needs_user(kind)
        cookies = self._of_this_test(user)
        return self._as_headers(
            {
                name: value
                if name == self._login.csrf_cookie
                else (MALFORMED if kind == "malformed" else tampered(value))
                for name, value in cookies.items()
            }
        )

    def forge(self, kind: str, user: str | None) -> NoReturn:
        """There is no single text to forge."""
        del user
        raise no_single_text(kind, scheme="session", why="Cookies are no single text")

    def token(self, user: str, *, expires_in: float | None, claims: Mapping[str, Any]) -> NoReturn:
        """There are no tokens."""
        del expires_in, claims
        raise no_tokens("session", f"Use identities[{user!r}].headers, which hold the cookies.")

    def reset(self) -> None:
        """A session of the test before is gone from the database: forget it."""
        self._cookies.clear()

    def _of_this_test(self, user: str) -> dict[str, str]:
        with self._lock:
            if user not in self._cookies:
                self._cookies[user] = self._log_in(user)
            return self._cookies[user]

    def _as_headers(self, cookies: Mapping[str, str]) -> dict[str, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        token = cookies.get(self._login.csrf_cookie or "")
        return {**headers, self._login.csrf_header: token} if token else headers

    def _log_in(self, user: str) -> dict[str, str]:
        login, request = self._login, self._requests[user]
        with self._open_client() as client:
            try:
                headers = self._csrf_headers(client, user)
                response = client.request(
                    login.method,
                    request.path,
                    json=request.json or None,
                    data=request.form or None,
                    headers=headers,
                    follow_redirects=False,
                )
            except httpx2.HTTPError as error:
                raise self._failed(user, f"there was no answer ({type(error).__name__})") from error
            self._check(response, user)
            return {cookie.name: cookie.value or "" for cookie in client.cookies.jar}

    def _csrf_headers(self, client: httpx2.Client, user: str) -> dict[str, str]:
        cookie = self._login.csrf_cookie
        if cookie is None:
            return {}
        path = self._login.csrf_path or self._requests[user].path
        response = client.get(path, follow_redirects=False)
        token = client.cookies.get(cookie)
        if token is None:
            raise IdentityError(
                f"Before the login of user {user!r}, GET {self._login.csrf_path or self._login.path} should "
                f"have set the cookie {cookie!r}; it answered {response.status_code} without it.",
                code="identities.no-csrf-cookie",
                remedy="Name what sets it as csrf_path in the table identities.login, or correct the name.",
            )
        return {self._login.csrf_header: token}

    def _check(self, response: httpx2.Response, user: str) -> None:
        expected, found = self._login.status, response.status_code
        if (found != expected) if expected is not None else (found >= _FIRST_ERROR_STATUS):
            wanted = f"{expected} was expected" if expected is not None else "a status below 400 was expected"
            raise self._failed(user, f"it answered {found}, {wanted}")
        # A form that is shown once more, with a complaint in it, is a 200 as well.
        given = {cookie.name for cookie in response.cookies.jar} - {self._login.csrf_cookie}
        if not given:
            raise self._failed(user, f"it answered {found} and set no cookie for a session")

    def _failed(self, user: str, found: str) -> IdentityError:
        # The path as the settings have it: with the attributes put in, it may hold a secret.
        return IdentityError(
            f"The login of user {user!r} failed at {self._login.method} {self._login.path}: {found}.",
            code="identities.login-failed",
            remedy="Check that this user is in the database (a seed, say) with this password, and the table "
            "identities.login. What was raised in the application is shown with the test.",
        )
