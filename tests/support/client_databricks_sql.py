"""What databricks-sql-connector makes of a workspace; asked by lines of its input.

Run by the interpreter of an environment that has it, see `clients`. The address holds the token and the
warehouse as well: `http://token@127.0.0.1:8080/warehouse`.
"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlsplit

from client_loop import answer
from databricks import sql

WHERE = urlsplit(sys.argv[1])


def connect(token: str | None = WHERE.username) -> Any:
    return sql.connect(
        server_hostname=f"http://{WHERE.hostname}",
        _port=WHERE.port,
        http_path=f"/sql/1.0/warehouses{WHERE.path}",
        access_token=token,
        use_sea=True,
        enable_telemetry=False,
        _retry_stop_after_attempts_count=1,
    )


def rows(statement: str, parameters: Any = None) -> Any:
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [[str(value) for value in row] for row in cursor.fetchall()]


def plain() -> Any:
    return rows("select * from main.sales.customers order by id")


def named() -> Any:
    return rows("select name from main.sales.customers where name = :name", {"name": "Ada"})


def positional() -> Any:
    return rows("select name from main.sales.customers where id = ?", [1])


def session() -> Any:
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("use schema main.sales")
        cursor.execute("select count(*) from customers")
        return cursor.fetchall()[0][0]


def many() -> Any:
    return len(rows("select id from range(25000)"))


def failure() -> Any:
    return rows("select * from main.sales.none")


def stranger() -> Any:
    with connect("nobody-has-this"):
        return "let in"


answer(plain, named, positional, session, many, failure, stranger)
