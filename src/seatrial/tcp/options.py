"""The settings of a TCP service that is not ours: `cache = { kind = "tcp", target = "127.0.0.1:6379" }`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.config.hosts import is_local
from seatrial.config.urls import host_of, split_url
from seatrial.errors import FakeError
from seatrial.tcp.target import Target

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_PORTS = {
    "amqp": 5672, "amqps": 5671, "kafka": 9092, "memcached": 11211, "mongodb": 27017, "mysql": 3306,
    "nats": 4222, "postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379, "valkey": 6379,
    "valkeys": 6379,
}  # fmt: skip
_HIGHEST_PORT = 65535
_KEYS = ("kind", "target")


def target_of(
    name: str, options: Mapping[str, Any], *, inherited: Mapping[str, str], allow_hosts: Collection[str] = ()
) -> Target:
    """Where the service `name` is.

    Args:
        name: the name of the table.
        options: the table: `target` is `host:port`, a URL, the path of a unix socket, or `$NAME`: the value
            of a variable.
        inherited: the environment as it was before seatrial changed it.
        allow_hosts: hosts of other machines that may be reached.

    Raises:
        FakeError: there is no such target, it is none, or it is on another machine. Values are not shown,
            since they may hold a password.
    """
    unknown = sorted(set(options) - set(_KEYS))
    written = options.get("target")
    if unknown or not isinstance(written, str) or not written.strip():
        found = f"found {', '.join(unknown)}" if unknown else "found no text under target"
        raise _wrong(name, f'expects kind = "tcp" and a target, {found}.')
    where = f"the target of {name!r}"
    if written.startswith("$"):
        variable = written[1:].strip("{}")
        where = f"{variable}, the target of {name!r},"
        if not inherited.get(variable, "").strip():
            raise _wrong(name, f"takes its target from {variable}, which is not set.")
        written = inherited[variable]
    target = _parse(written.strip())
    if target is None:
        raise _wrong(name, f"cannot tell host and port: {where} is none of the forms it expects.")
    allowed = {host.strip("[]").lower() for host in allow_hosts}
    if not target.path and not is_local(target.host) and target.host.lower() not in allowed:
        raise FakeError(
            f"{where[0].upper()}{where[1:]} leads to {target.host}, which is another machine.",
            code="faults.remote-target",
            remedy="Name a service of this machine, or list the host in tool.seatrial.allow_hosts.",
        )
    return target


def _parse(text: str) -> Target | None:
    url = split_url(text)
    if url is not None and url.scheme in ("unix", "redis+unix", "valkey+unix"):
        return Target(path=url.path) if url.path else None
    if url is None and text.startswith("/"):
        return Target(path=text)
    place = url.location if url is not None else text
    if "," in place or "@" in place:
        return None
    host, port = host_of(place), place.rpartition("]")[2].rpartition(":")[2]
    if port.isdigit() and 0 < int(port) <= _HIGHEST_PORT and ":" in place:
        number = int(port)
    elif url is not None and (":" not in place or place.endswith("]")):
        number = _PORTS.get(url.scheme.partition("+")[0], 0)
    else:
        return None
    return Target(host=host or "127.0.0.1", port=number) if number else None


def _wrong(name: str, problem: str) -> FakeError:
    return FakeError(
        f"The fake {name!r} {problem}",
        code="faults.target",
        remedy='Write target = "127.0.0.1:6379", a URL, the path of a unix socket, or "$REDIS_URL" for the '
        "value of a variable.",
    )
