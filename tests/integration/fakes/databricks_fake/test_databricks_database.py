"""Lakebase over the API: instances, and tokens that are passwords."""

from __future__ import annotations

from datetime import datetime

import pytest
import time_machine
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import InvalidParameterValue, NotFound, PermissionDenied

from tests.integration.fakes.databricks_fake.conftest import A


def test_instances(a: WorkspaceClient) -> None:
    assert [one.name for one in a.database.list_database_instances()] == ["orders-db"]
    assert a.database.get_database_instance("orders-db").state.value == "AVAILABLE"
    with pytest.raises(NotFound, match="'none'"):
        a.database.get_database_instance("none")


def test_a_token_for_an_hour(fakes, a: WorkspaceClient) -> None:
    with time_machine.travel(datetime.fromisoformat("2026-11-21T10:00:00+00:00"), tick=False):
        made = a.database.generate_database_credential(instance_names=["orders-db"], request_id="1")
        assert made.expiration_time == "2026-11-21T11:00:00.000Z"
    token = fakes.databricks.space.state.tokens.find(made.token)
    assert (token.person, token.kind, token.instances) == (A, "database", ("orders-db",))
    # It opens the database and not the workspace.
    with pytest.raises(PermissionDenied, match="Invalid access token"):
        WorkspaceClient(
            config=Config(host=fakes.url("databricks"), token=made.token, retry_timeout_seconds=5)
        ).current_user.me()


def test_a_token_for_an_endpoint(fakes, a: WorkspaceClient) -> None:
    fakes.databricks.instance("projects/p/branches/b/endpoints/e")
    made = a.postgres.generate_database_credential("projects/p/branches/b/endpoints/e")
    assert made.token
    assert made.expire_time is not None


@pytest.mark.parametrize(("names", "error"), [(["none"], NotFound), ([], InvalidParameterValue)])
def test_instances_that_are_not_there(a: WorkspaceClient, names: list[str], error: type[Exception]) -> None:
    with pytest.raises(error):
        a.database.generate_database_credential(instance_names=names, request_id="1")
