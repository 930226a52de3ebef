"""The password of Lakebase: a token of the service principal, fetched, kept, renewed, and never a user's."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from steps import PREFERENCES, another_application, refusal

pytestmark = [pytest.mark.integration, pytest.mark.mock("databricks")]

CREDENTIALS = "/api/2.0/database/credentials"


async def test_a_token_is_fetched_once_and_renewed_before_it_ends(identities, fakes):
    # No connection is kept, so that each request signs in.
    async with another_application(identities["user-a"].headers, database_pool_size=1) as app:
        for _ in range(3):
            assert (await app.get(PREFERENCES)).status_code == 200
        fakes.databricks.assert_called(times=1, path=CREDENTIALS)
    (call,) = fakes.databricks.calls(path=CREDENTIALS)
    assert call.json["instance_names"] == ["app-lakebase"]


async def test_a_wrong_password_is_no_secret(identities):
    async with another_application(identities["user-a"].headers, pgpassword="not-a-token") as app:
        refused = await app.get(PREFERENCES)

    assert refusal(refused) == (503, "DATABASE_UNAVAILABLE")
    assert "not-a-token" not in refused.text


async def test_without_tls_nobody_gets_in(identities):
    async with another_application(identities["user-a"].headers, pgsslmode="disable") as app:
        refused = await app.get(PREFERENCES)

    assert refusal(refused) == (503, "DATABASE_UNAVAILABLE")


async def test_a_workspace_that_gives_no_token(identities):
    async with another_application(identities["user-a"].headers, lakebase_instance="none") as app:
        refused = await app.get(PREFERENCES)

    assert refusal(refused) == (503, "DATABASE_UNAVAILABLE")


async def test_a_token_about_to_end_is_renewed(app, run_in_app, fakes):
    # The running application, whose pool may have connections: only what it would sign in with is looked at.
    credential = app.state.resources.lakebase.credential

    async def asked():
        return await credential.password()

    first = await run_in_app(asked())
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=56)):
        second = await run_in_app(asked())
        again = await run_in_app(asked())

    assert first != second == again
    assert fakes.databricks.calls(path=CREDENTIALS)
