"""The password of Lakebase: an OAuth token of the service principal, which lives for an hour."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from databricks.sdk.service.database import DatabaseCredential

from server.lib.workspace import Workspace
from server.settings import Settings

_MARGIN = timedelta(minutes=5)
"""A token that ends sooner is renewed: logging in takes time too."""


class LakebaseCredential:
    """The one in the settings if there is one, else a token of LAKEBASE_INSTANCE that is renewed in time."""

    def __init__(self, settings: Settings, workspace: Workspace) -> None:
        self._settings = settings
        self._workspace = workspace
        self._token = ""
        self._ends = datetime.min.replace(tzinfo=UTC)
        self._one_at_a_time = asyncio.Lock()

    async def password(self, *, instead_of: str | None = None) -> str:
        """What to log in with now.

        Args:
            instead_of: a token that Lakebase has just refused.

        Raises:
            OSError: the workspace does not give a token.
        """
        if (fixed := self._settings.pgpassword) is not None:
            return fixed.get_secret_value()
        async with self._one_at_a_time:
            if self._token == instead_of or self._ends - datetime.now(UTC) < _MARGIN:
                made = await self._workspace.run(self._made)
                self._token = made.token or ""
                # One that says nothing of its end is used once.
                ends = made.expiration_time
                self._ends = datetime.fromisoformat(ends) if ends else datetime.now(UTC)
            return self._token

    def _made(self) -> DatabaseCredential:
        instance = self._settings.lakebase_instance
        try:
            return self._workspace.service_principal().database.generate_database_credential(
                instance_names=[instance] if instance else None, request_id=str(uuid4())
            )
        except ValueError as error:  # as the SDK says that it cannot sign in
            raise ConnectionError("the workspace gives no token for Lakebase") from error
