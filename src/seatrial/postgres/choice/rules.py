"""Rules 2 and 3: what can be known about a target without sending it anything."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from seatrial.postgres.choice import holder
from seatrial.postgres.choice.refusal import HOLDER, HOST, Refusal

if TYPE_CHECKING:
    from seatrial.postgres.choice.parse import Reading
    from seatrial.postgres.choice.target import Target

# A letter first: digits and 0x7f000001 are addresses in disguise.
_CONTAINER_NAME = re.compile(r"[a-z](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+))*\.?")
_CLOUD_INSTANCE = re.compile(r"[^:/]+:[^:/]+:[^:/]+")
_LOOPBACK = ("127.0.0.1", "::1")


def canonical(host: str) -> str:
    """One spelling for a host name: lower case, without the dot of the root."""
    return host.lower().removesuffix(".")


def check_places(reading: Reading, *, marked: bool) -> None:
    """Rule 2. `marked` allows the host that the target names, and no other place beside it.

    Raises:
        Refusal: a place that is not this machine, or more than one server.
    """
    target = reading.target
    markable = reading.single and {canonical(place) for place in reading.places} <= {canonical(target.host)}
    for place in reading.places:
        problem = host_problem(place, explicit=target.explicit)
        if problem and not (marked and canonical(place) == canonical(target.host)):
            raise Refusal(HOST, problem, markable=markable)
    if not reading.single:
        raise Refusal(HOST, "a list of several servers", remedy="Name one server.")


def host_problem(host: str, *, explicit: bool) -> str | None:
    """Why `host` is not this machine, or None if it is.

    An explicit target may also be a container: a name without dots, as CI and compose give them.
    """
    if host.startswith(("/", "@")):
        cloud = _CLOUD_INSTANCE.fullmatch(PurePosixPath(host).name) or host.startswith("/cloudsql")
        return f"{host}, a socket that leads to a cloud's database" if cloud else None
    if not host.isascii() or not host.isprintable() or " " in host:
        return f"{host!a}, a host name with unusual characters"
    name = canonical(host)
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return _name_problem(name, explicit=explicit)
    if host == name and (
        address in ipaddress.ip_network("127.0.0.0/8") or address == ipaddress.ip_address("::1")
    ):
        return None
    return f"{host}, an address that is not this machine's loopback"


def _name_problem(name: str, *, explicit: bool) -> str | None:
    if name == "localhost":
        return None
    if _NUMERIC.fullmatch(name):
        return f"{name}, an address in a spelling that drivers read differently"
    container = _CONTAINER_NAME.fullmatch(name) or name == "host.docker.internal"
    if container and explicit:
        return None
    if container:
        return f"{name}, which is not this machine (name it in TESTING_DATABASE_URL if it is a container)"
    return f"{name}, which is not this machine"


def check_holder(target: Target) -> Target:
    """Rule 3: who listens there. Returns the target with the address that was checked.

    Raises:
        Refusal: nobody listens, or a program whose connections lead who knows where.
    """
    if target.is_socket:
        _judge(target, holder.socket_holders(target.socket_path))
        return target
    addresses = _loopback_addresses(target)
    if not addresses:
        return target
    listeners = holder.port_holders(addresses, target.port)
    _judge(target, listeners)
    if not listeners:
        return target
    found = {listener.address for listener in listeners}
    return replace(target, hostaddr=next(address for address in addresses if address in found))


def _loopback_addresses(target: Target) -> tuple[str, ...]:
    """The addresses a connection would go to; none for a container, about which /proc knows nothing."""
    if target.hostaddr:
        return (str(ipaddress.ip_address(target.hostaddr)),)
    if canonical(target.host) == "localhost":
        return _LOOPBACK
    try:
        return (str(ipaddress.ip_address(target.host)),)
    except ValueError:
        return ()


def _judge(target: Target, listeners: list[holder.Listener] | None) -> None:
    if listeners is None:
        return
    if not listeners:
        raise Refusal(
            HOLDER,
            f"nothing listens on {target.place}",
            remedy="Start the server, or leave the setting away to use the embedded one.",
        )
    for listener in listeners:
        if listener.program is not None and not holder.is_known(listener.program):
            holds = f"{listener.program} (process {listener.pid}) listens on {target.place}"
            raise Refusal(HOLDER, f"{holds}, and where it leads is unknown", markable=True)
