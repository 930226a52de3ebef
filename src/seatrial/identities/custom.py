"""A scheme of the team's own: a function that makes the headers of a user."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from seatrial.config.expanding import tenant_attributes, user_attributes
from seatrial.config.secrets import redact
from seatrial.errors import IdentityError
from seatrial.identities.scheme import no_tokens, unknown_kind

if TYPE_CHECKING:
    from seatrial.config.settings import IdentitySettings

HeaderFunction = Callable[[dict[str, Any], dict[str, Any]], Any]


class CustomScheme:
    """Calls the function for each identity that is asked for its headers.

    Args:
        settings: users, and the path of the function as the scheme.
        load: finds the function behind the path.
        wait: waits for what an asynchronous function returns.
    """

    def __init__(
        self,
        settings: IdentitySettings,
        *,
        load: Callable[[str], HeaderFunction],
        wait: Callable[[Awaitable[Any]], Any],
    ) -> None:
        self._settings = settings
        self._path = settings.scheme
        self._load = load
        self._wait = wait

    def headers(self, user: str) -> Mapping[str, str]:
        """What the function returns for a user.

        Raises:
            IdentityError: the function is not there, fails, or returns something else than headers.
        """
        declared = self._settings.users[user]
        function = self._found()
        try:
            made = function(
                user_attributes(self._settings, declared), tenant_attributes(self._settings, declared)
            )
            if inspect.isawaitable(made):
                made = self._wait(made)
        except IdentityError:
            raise
        except Exception as error:
            raise IdentityError(
                f"{self._path!r}, the scheme of the identities, failed for user {user!r} "
                f"({type(error).__name__}: {redact(str(error))}).",
                code="identities.scheme-failed",
                remedy="It is called with two dictionaries, the attributes of the user and those of its "
                "tenant, and returns the headers of a request.",
            ) from error
        return self._checked(made, user)

    def forged(self, kind: str, user: str | None) -> Mapping[str, str]:
        """No headers; nothing else is known of a scheme of one's own.

        Raises:
            IdentityError: the kind is not `none`.
        """
        del user
        if kind != "none":
            raise unknown_kind(kind, ["none"], scheme=self._path)
        return {}

    def forge(self, kind: str, user: str | None) -> NoReturn:
        """There is no single text to forge."""
        del user
        raise IdentityError(
            f"forge({kind!r}) has no meaning under scheme = {self._path!r}: only that function knows the "
            "headers.",
            code="identities.no-single-text",
            remedy="Use identities.forged('none'), or headers of your own making.",
        )

    def token(self, user: str, *, expires_in: float | None, claims: Mapping[str, Any]) -> NoReturn:
        """There are no tokens that we know of."""
        del expires_in, claims
        raise no_tokens(self._path, f"Use identities[{user!r}].headers.")

    def reset(self) -> None:
        """Nothing belongs to a test."""

    def _found(self) -> HeaderFunction:
        try:
            return self._load(self._path)
        except Exception as error:
            raise IdentityError(
                f"{self._path!r}, the scheme of the identities, could not be loaded "
                f"({type(error).__name__}: {redact(str(error))}).",
                code="identities.scheme-missing",
                remedy="Name a function as module:function; the module is found as the application's is.",
            ) from error

    def _checked(self, made: Any, user: str) -> dict[str, str]:
        if isinstance(made, Mapping) and all(
            isinstance(name, str) and isinstance(value, str) for name, value in made.items()
        ):
            return dict(made)
        # The values are credentials: only their types are told.
        found = type(made).__name__
        if isinstance(made, Mapping):
            pairs = ", ".join(f"{name!r}: {type(value).__name__}" for name, value in made.items())
            found = f"{{{pairs}}}"
        raise IdentityError(
            f"{self._path!r}, the scheme of the identities, should return a dictionary of text to "
            f"text; for user {user!r} it returned {found}.",
            code="identities.scheme-result",
            remedy='Return a dictionary such as {"X-User": "alice"}.',
        )
