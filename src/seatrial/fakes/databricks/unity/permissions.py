"""Grants over the API: those on a securable, those that are in effect, and their changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks import names, paging
from seatrial.fakes.databricks.refusals import Refused, invalid, lacking, missing
from seatrial.fakes.databricks.unity.access import owns
from seatrial.fakes.databricks.unity.objects import Catalog, Schema, Securable, Table
from seatrial.fakes.databricks.unity.privileges import BY_KIND, canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.fakes.databricks.asking import Asking

_KINDS: dict[str, type[Securable]] = {"CATALOG": Catalog, "SCHEMA": Schema, "TABLE": Table}


def get(asking: Asking) -> Any:
    """`GET /permissions/{securable_type}/{full_name}`: what was granted on it; for owners, or for oneself."""
    found = _securable(asking)
    grants = asking.state.grants
    rows = [
        {"principal": principal, "privileges": sorted(grants.on(found.full_name, principal))}
        for principal in _principals(asking, found)
        if grants.on(found.full_name, principal)
    ]
    return _page(asking, rows)


def get_effective(asking: Asking) -> Any:
    """`GET /effective-permissions/{securable_type}/{full_name}`: the same, with what comes from above."""
    found = _securable(asking)
    rows = []
    for principal in _principals(asking, found):
        held = asking.state.grants.effective(found.full_name, [principal])
        if held:
            rows.append({"principal": principal, "privileges": [_effective(one) for one in held]})
    return _page(asking, rows)


def update(asking: Asking) -> Any:
    """`PATCH /permissions/{securable_type}/{full_name}`: grant and revoke; for owners and who may MANAGE."""
    found = _securable(asking)
    principals = asking.caller.principals
    if not owns(asking.state, asking.caller, found.full_name) and not asking.state.grants.allows(
        found.full_name, principals, "MANAGE"
    ):
        raise lacking("MANAGE", found.kind, found.full_name)
    changes = asking.body.get("changes") or []
    # All or nothing: looked at before the first is made.
    wanted = [
        (change, _privileges(change, "add", found), _privileges(change, "remove", found))
        for change in changes
    ]
    for change, added, removed in wanted:
        _check_principal(asking, change.get("principal"))
        asking.state.grants.add(found.full_name, change["principal"], added)
        asking.state.grants.remove(found.full_name, change["principal"], removed)
    return get(asking)


def _securable(asking: Asking) -> Securable:
    kind = asking.params["type"].upper()
    if kind not in _KINDS:
        raise asking.unserved(f"of the type {kind}")
    return asking.state.store.find(names.canonical(asking.params["name"]), _KINDS[kind])


def _principals(asking: Asking, found: Securable) -> Sequence[str]:
    """Those that are asked about, if the caller may ask about them."""
    one = paging.first(asking.request, "principal")
    own = asking.caller.principals
    if one in own:
        return [one]
    if not owns(asking.state, asking.caller, found.full_name):
        if one is None:
            return sorted(own)
        raise lacking("MANAGE", found.kind, found.full_name)
    if one is not None:
        _check_principal(asking, one)
        return [one]
    held = [name for place in _places(found.full_name) for name in asking.state.grants.principals(place)]
    return sorted(set(held))


def _places(full: str) -> list[str]:
    parts = full.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _check_principal(asking: Asking, principal: Any) -> None:
    people = asking.state.people
    groups = {group for person in people.values() for group in person.principals}
    if principal not in people and principal not in groups:
        raise missing(f"Could not find principal with name {principal}. It", code="PRINCIPAL_DOES_NOT_EXIST")


def _privileges(change: Any, key: str, found: Securable) -> list[str]:
    if not isinstance(change, dict):
        raise invalid("Each change expects an object with principal, add and remove")
    wanted = [canonical(str(name)) for name in change.get(key) or []]
    for name in wanted:
        if name not in BY_KIND[found.kind]:
            raise Refused(
                f"Privilege {name} is not applicable to this entity [{found.full_name}:{found.kind.upper()}]",
                status=400,
                code="INVALID_PARAMETER_VALUE",
            )
    return wanted


def _effective(held: Any) -> dict[str, Any]:
    found = {"privilege": held.privilege}
    if held.source is not None:
        found["inherited_from_type"] = ("CATALOG", "SCHEMA")[held.source.count(".")]
        found["inherited_from_name"] = held.source
    return found


def _page(asking: Asking, rows: list[dict[str, Any]]) -> Any:
    named = [{**row, "name": row["principal"]} for row in rows]
    body = paging.page(asking.request, named, size=asking.fake.page_size, key="privilege_assignments")
    for row in body.get("privilege_assignments", []):
        del row["name"]
    return body
