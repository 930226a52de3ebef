"""Applications that keep their pool for the whole session, as teams write them; nothing in them retries."""

from __future__ import annotations

from contextlib import asynccontextmanager

from fastapi import FastAPI

ROUNDS_OF_DDL = "alter table items alter column name type varchar({size})"


def asyncpg_app(url):
    import asyncpg

    @asynccontextmanager
    async def lifespan(app):
        async with asyncpg.create_pool(url, min_size=2, max_size=4) as app.state.pool:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/items/{name}")
    async def add(name: str):
        async with app.state.pool.acquire() as connection, connection.transaction():
            await connection.execute("insert into items (name) values ($1)", name)
            return await connection.fetchval("select count(*) from items where id > $1", 0)

    return app


def psycopg_app(url):
    from psycopg_pool import AsyncConnectionPool

    @asynccontextmanager
    async def lifespan(app):
        async with AsyncConnectionPool(url, min_size=2, max_size=4) as app.state.pool:
            await app.state.pool.wait()
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/items/{name}")
    async def add(name: str):
        async with app.state.pool.connection() as connection:
            await connection.execute("insert into items (name) values (%s)", [name], prepare=True)
            cursor = await connection.execute("select count(*) from items where id > %s", [0], prepare=True)
            return (await cursor.fetchone())[0]

    return app


def sync_psycopg_app(url):
    from psycopg_pool import ConnectionPool

    @asynccontextmanager
    async def lifespan(app):
        with ConnectionPool(url, min_size=2, max_size=4) as app.state.pool:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/items/{name}")
    def add(name: str):
        with app.state.pool.connection() as connection:
            connection.execute("insert into items (name) values (%s)", [name])
            return connection.execute("select count(*) from items where id > %s", [0]).fetchone()[0]

    return app


def psycopg2_app(url):
    from psycopg2.pool import ThreadedConnectionPool

    @asynccontextmanager
    async def lifespan(app):
        app.state.pool = ThreadedConnectionPool(2, 4, url)
        yield
        app.state.pool.closeall()

    app = FastAPI(lifespan=lifespan)

    @app.post("/items/{name}")
    def add(name: str):
        connection = app.state.pool.getconn()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("insert into items (name) values (%s)", [name])
                cursor.execute("select count(*) from items where id > %s", [0])
                return cursor.fetchone()[0]
        finally:
            app.state.pool.putconn(connection)

    return app


def sqlalchemy_app(url):
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    @asynccontextmanager
    async def lifespan(app):
        app.state.engine = create_async_engine(url, pool_size=4)
        yield
        await app.state.engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/items/{name}")
    async def add(name: str):
        async with app.state.engine.begin() as connection:
            await connection.execute(text("insert into items (name) values (:name)"), {"name": name})
            return await connection.scalar(text("select count(*) from items where id > :id"), {"id": 0})

    return app


def sync_sqlalchemy_app(url):
    from sqlalchemy import create_engine, text

    engine = create_engine(url, pool_size=4)

    @asynccontextmanager
    async def lifespan(_):
        yield
        engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/items/{name}")
    def add(name: str):
        with engine.begin() as connection:
            connection.execute(text("insert into items (name) values (:name)"), {"name": name})
            return connection.scalar(text("select count(*) from items where id > :id"), {"id": 0})

    return app
