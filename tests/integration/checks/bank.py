"""A bank of two accounts, and ways to change them in more than one statement."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import psycopg
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from seatrial.postgres.cluster import Cluster

PREPARE = "truncate accounts; insert into accounts values (1, 100), (2, 100)"
STATE = "select id, balance from accounts order by id"
READ = "select balance from accounts where id = 1"
WRITE = "update accounts set balance = {} where id = 1"


@contextlib.contextmanager
def opened(cluster: Cluster) -> Iterator[str]:
    """Its address for the application, as long as it is there."""
    with cluster.connect("postgres") as admin:
        admin.execute("create database bank owner clerk")
        admin.execute("alter role clerk set deadlock_timeout = '20ms'")
    with cluster.connect("bank", login="app") as connection:
        connection.execute("create table accounts (id int primary key, balance int not null)")
    yield cluster.address("bank", login="app").url()
    with cluster.connect("postgres") as admin:
        admin.execute("drop database bank with (force)")
        admin.execute("alter role clerk reset deadlock_timeout")


@dataclass
class Bank:
    """Adds to an account in two statements, by each library."""

    url: str
    lock: str = ""
    begin: str = ""

    def psycopg(self, amount: int) -> None:
        with psycopg.connect(self.url) as connection:
            self._prelude(connection.execute)
            (balance,) = connection.execute(READ + self.lock).fetchone() or (0,)
            connection.execute(WRITE.format(balance + amount))

    def psycopg_block(self, amount: int) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection, connection.transaction():
            (balance,) = connection.execute(READ + self.lock).fetchone() or (0,)
            connection.execute(WRITE.format(balance + amount))

    async def psycopg_async(self, amount: int) -> None:
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            cursor = await connection.execute(READ + self.lock)
            (balance,) = await cursor.fetchone() or (0,)
            await connection.execute(WRITE.format(balance + amount))

    async def asyncpg(self, amount: int) -> None:
        connection = await asyncpg.connect(self.url)
        async with connection.transaction():
            balance = await connection.fetchval(READ + self.lock)
            await connection.execute(WRITE.format(balance + amount))
        await connection.close()

    def sqlalchemy(self, amount: int, driver: str = "psycopg") -> None:
        engine = create_engine(self.url.replace("postgresql", f"postgresql+{driver}"), poolclass=NullPool)
        with engine.begin() as connection:
            balance = connection.scalar(text(READ + self.lock))
            connection.execute(text(WRITE.format(balance + amount)))

    def psycopg2(self, amount: int) -> None:
        self.sqlalchemy(amount, "psycopg2")

    async def sqlalchemy_async(self, amount: int) -> None:
        engine = create_async_engine(self.url.replace("postgresql", "postgresql+asyncpg"), poolclass=NullPool)
        async with engine.begin() as connection:
            balance = await connection.scalar(text(READ + self.lock))
            await connection.execute(text(WRITE.format(balance + amount)))

    def _prelude(self, execute: Callable[[str], Any]) -> None:
        if self.begin:
            execute(self.begin)


def move(url: str, first: int, second: int) -> None:
    with psycopg.connect(url) as connection:
        for row in (first, second):
            connection.execute("update accounts set balance = balance + 1 where id = %s", [row])
