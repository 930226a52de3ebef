"""Who calls the application: the keys, issuer and identities of one process, each made at first use."""

from __future__ import annotations

import hashlib
import importlib
import json
import operator
import threading
from typing import TYPE_CHECKING, Any

from seatrial.config.api_keys import api_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seatrial.app import AppRunner, Client
    from seatrial.config.settings import Settings
    from seatrial.identities import Identities, Keys
    from seatrial.identities.scheme import Scheme
    from seatrial.trial.issuing import ServedIssuer


class Callers:
    """Makes the credentials that `[tool.seatrial.identities]` describes.

    Args:
        settings: the validated settings.
        client: gives a client of the running application, without credentials.
        runner: gives the running application.
    """

    def __init__(
        self, settings: Settings, *, client: Callable[[], Client], runner: Callable[[], AppRunner]
    ) -> None:
        self._settings = settings
        self._client = client
        self._runner = runner
        # Threads of a test may be the first to ask, all at once; they are to get the same.
        self._making = threading.RLock()
        self._identities: Identities | None = None
        self._keys: Keys | None = None
        self._served: ServedIssuer | None = None

    @property
    def identities(self) -> Identities:
        """The declared users and their credentials."""
        with self._making:
            if self._identities is None:
                self._identities = self._made()
            return self._identities

    @property
    def keys(self) -> Keys:
        """What signs this run's tokens under the scheme `jwt`."""
        from seatrial.identities import Keys  # noqa: PLC0415 - cryptography is loaded at first use

        with self._making:
            if self._keys is None:
                self._keys = Keys.generate(self._settings.identities.algorithm)
            return self._keys

    @property
    def served(self) -> ServedIssuer:
        """The issuer behind its reserved address."""
        from seatrial.trial.issuing import ServedIssuer  # noqa: PLC0415 - only suites with an issuer

        with self._making:
            if self._served is None:
                self._served = ServedIssuer(self._settings.identities)
            return self._served

    def issuer_values(self) -> Mapping[str, Callable[[], str]]:
        """The values of the issuer's placeholders; its address is reserved when the first is asked for."""
        return {
            "issuer": lambda: self.served.issuer.url,
            "jwks_url": lambda: f"{self.served.issuer.url}/jwks",
            "client_id": lambda: self.served.issuer.client_id,
            "client_secret": lambda: self.served.issuer.client_secret,
        }

    def template_env(self) -> dict[str, str]:
        """What of the environment decides the template: a seed may store the API keys of users."""
        keys = api_keys(self._settings.identities)
        digest = hashlib.sha256(json.dumps(keys).encode()).hexdigest()
        return {**self._settings.env, **({"{identities.api_keys}": digest} if keys else {})}

    def headers(self, who: Any) -> Mapping[str, str]:
        """The headers of a user or an identity, for the running test."""
        return self.identities.headers(who)

    def lasting_headers(self, who: Any) -> Mapping[str, str]:
        """The headers of a user or an identity, for longer than one test."""
        return self.identities.lasting_headers(who)

    def start(self) -> None:
        """Start the issuer, if there is one."""
        if self._settings.identities.scheme == "oidc":
            self.served.start()

    def reset(self) -> None:
        """Forget what belongs to the test before."""
        if self._identities is not None:
            self._identities.reset()

    def close(self) -> None:
        """End the issuer."""
        if self._served is not None:
            self._served.close()

    def _made(self) -> Identities:
        from seatrial.identities import Identities  # noqa: PLC0415 - only suites with users

        settings = self._settings.identities
        if settings.scheme == "jwt":
            return Identities(settings, keys=self.keys)
        issuer = self.served.issuer if settings.scheme == "oidc" else None
        return Identities(settings, scheme=self._scheme(), issuer=issuer)

    def _scheme(self) -> Scheme:
        settings = self._settings.identities
        if settings.scheme == "oidc":
            return self.served.issuer.tokens
        if settings.scheme == "header":
            from seatrial.identities.trusted_headers import TrustedHeaders  # noqa: PLC0415 - one of several

            return TrustedHeaders(settings)
        if settings.scheme == "api-key":
            from seatrial.identities.sent_keys import SentKeys  # noqa: PLC0415 - one of several

            return SentKeys(settings)
        if settings.scheme == "session":
            from seatrial.identities.logins import Logins  # noqa: PLC0415 - one of several

            return Logins(settings, open_client=self._client)
        from seatrial.identities.custom import CustomScheme  # noqa: PLC0415 - one of several

        return CustomScheme(settings, load=self._load, wait=lambda made: self._runner().run(made))

    def _load(self, path: str) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
        from seatrial.app.loading import extend_path  # noqa: PLC0415 - only suites with such a function

        extend_path(self._settings.root)
        module, _, attributes = path.partition(":")
        found: Callable[[dict[str, Any], dict[str, Any]], Any] = operator.attrgetter(attributes)(
            importlib.import_module(module)
        )
        return found
