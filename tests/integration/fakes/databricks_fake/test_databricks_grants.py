"""Grants over the API, and as tests make them."""

from __future__ import annotations

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service.catalog import PermissionsChange, Privilege

from seatrial.errors import FakeError
from tests.integration.fakes.databricks_fake.conftest import A, B

TABLE = "main.sales.customers"


def told(found) -> dict[str, list[str]]:
    return {
        one.principal: [getattr(held, "privilege", held).value for held in one.privileges]
        for one in found.privilege_assignments or ()
    }


def test_what_is_in_effect_and_where_it_comes_from(a: WorkspaceClient, root: WorkspaceClient) -> None:
    found = a.grants.get_effective("TABLE", TABLE, principal=A)
    (mine,) = found.privilege_assignments or ()
    assert [(held.privilege.value, held.inherited_from_name) for held in mine.privileges] == [
        ("SELECT", None),
        ("USE_CATALOG", "main"),
        ("USE_SCHEMA", "main.sales"),
    ]
    assert mine.privileges[1].inherited_from_type.value == "CATALOG"
    assert told(root.grants.get_effective("TABLE", TABLE)) == {A: ["SELECT", "USE_CATALOG", "USE_SCHEMA"]}
    assert told(root.grants.get("TABLE", TABLE)) == {A: ["SELECT"]}


def test_nobody_asks_about_others(a: WorkspaceClient, b: WorkspaceClient) -> None:
    assert told(b.grants.get_effective("TABLE", TABLE)) == {}
    with pytest.raises(PermissionDenied, match="MANAGE"):
        b.grants.get_effective("TABLE", TABLE, principal=A)


def test_grants_are_changed_over_the_api(
    root: WorkspaceClient, a: WorkspaceClient, b: WorkspaceClient
) -> None:
    changes = [
        PermissionsChange(principal=B, add=[Privilege.SELECT, Privilege.MODIFY]),
        PermissionsChange(principal=A, remove=[Privilege.SELECT]),
    ]
    assert told(root.grants.update("TABLE", TABLE, changes=changes)) == {B: ["MODIFY", "SELECT"]}
    with pytest.raises(PermissionDenied):
        a.tables.get(TABLE)
    with pytest.raises(PermissionDenied, match="MANAGE"):
        a.grants.update("TABLE", TABLE, changes=changes)
    root.grants.update("TABLE", TABLE, changes=[PermissionsChange(principal=B, add=[Privilege.MANAGE])])
    assert told(b.grants.update("TABLE", TABLE, changes=[]))[B] == ["MANAGE", "MODIFY", "SELECT"]


@pytest.mark.parametrize(
    ("where", "change", "error", "says"),
    [
        (("TABLE", "main.sales.none"), (A, "SELECT"), NotFound, "Table 'main.sales.none' does not exist"),
        (("TABLE", TABLE), ("nobody@example.com", "SELECT"), NotFound, "nobody@example.com"),
        (("TABLE", TABLE), (A, "USE_CATALOG"), InvalidParameterValue, "not applicable"),
        (("SCHEMA", TABLE), (A, "SELECT"), NotFound, "Schema"),
    ],
)
def test_grants_that_cannot_be(root: WorkspaceClient, where, change, error, says: str) -> None:
    principal, privilege = change
    changes = [
        PermissionsChange(principal=A, add=[Privilege.MODIFY]),
        PermissionsChange(principal=principal, add=[Privilege(privilege)]),
    ]
    with pytest.raises(error, match=says):
        root.grants.update(*where, changes=changes)


def test_a_change_that_fails_changes_nothing(root: WorkspaceClient) -> None:
    changes = [
        PermissionsChange(principal=A, add=[Privilege.MODIFY]),
        PermissionsChange(principal=A, add=[Privilege.USE_CATALOG]),
    ]
    with pytest.raises(InvalidParameterValue):
        root.grants.update("TABLE", TABLE, changes=changes)
    assert told(root.grants.get("TABLE", TABLE)) == {A: ["SELECT"]}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda it: it.grant(A, "SELECT", on="main.sales.custmers"), "did you mean 'main.sales.customers'?"),
        (lambda it: it.grant("a@exmple.com", "SELECT", on=TABLE), "did you mean 'a@example.com'?"),
        (lambda it: it.grant(A, "SELCT", on=TABLE), "did you mean 'SELECT'?"),
        (lambda it: it.grant(A, "USE_CATALOG", on=TABLE), "USE_CATALOG"),
        (lambda it: it.grant(A, "SELECT", on="a.b.c.d"), "one to three levels"),
        (lambda it: it.grant_read(A, "main.sales"), "full name of a table"),
        (lambda it: it.revoke(A, "MODIFY", on=TABLE), "found MODIFY"),
        (lambda it: it.revoke(A, "USE_CATALOG", on="samples"), "found USE_CATALOG"),
    ],
)
def test_grants_of_tests_that_cannot_be(fakes, call, says: str) -> None:
    with pytest.raises(FakeError) as refused:
        call(fakes.databricks)
    assert says in refused.value.message
