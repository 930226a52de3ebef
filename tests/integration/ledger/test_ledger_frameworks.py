"""Statements belong to their exchanges whatever framework answers: Django, Litestar; on SQLite, too."""

from __future__ import annotations

from seatrial.ledger import Exchange, Ledger, read, suspects
from tests.support.project import Project

DJANGO = {
    "pyproject.toml": """
    [tool.seatrial]
    app = "shop_wsgi:application"
    [tool.seatrial.env]
    DJANGO_SETTINGS_MODULE = "shop_settings"
    DB_HOST = "{database.host}"
    DB_PORT = "{database.port}"
    DB_NAME = "{database.name}"
    DB_USER = "{database.user}"
    DB_PASSWORD = "{database.password}"
    [tool.seatrial.database]
    schema = { sql = ["schema.sql"] }
    [tool.seatrial.checks.queries]
    openapi = "/api/schema.json"
    """,
    "schema.sql": """
    create table shop_order (id bigint generated always as identity primary key, title text not null);
    create table shop_line (id bigint generated always as identity primary key,
      order_id bigint not null references shop_order, item text not null);
    """,
    "shop_settings.py": """
    import os

    SECRET_KEY = "x"
    ALLOWED_HOSTS = ["*"]
    USE_TZ = True
    ROOT_URLCONF = "shop_urls"
    INSTALLED_APPS = ["shop"]
    DATABASES = {"default": {
        "ENGINE": "django.db.backends.postgresql",
        **{key: os.environ["DB_" + key] for key in ("HOST", "PORT", "NAME", "USER", "PASSWORD")},
    }}
    """,
    "shop/__init__.py": "",
    "shop/models.py": """
    from django.db import models

    class Order(models.Model):
        title = models.TextField()

    class Line(models.Model):
        order = models.ForeignKey(Order, models.CASCADE)
        item = models.TextField()
    """,
    "shop_urls.py": """
    from django.http import JsonResponse
    from django.urls import include, path
    from shop.models import Line, Order

    def lazy(request):
        lines = Line.objects.order_by("id")
        return JsonResponse([{"id": line.id, "order": line.order.title} for line in lines], safe=False)

    def related(request):
        lines = Line.objects.select_related("order").order_by("id")
        return JsonResponse([{"id": line.id, "order": line.order.title} for line in lines], safe=False)

    def orders(request):
        orders = Order.objects.prefetch_related("line_set")
        found = [{"id": o.id, "items": [line.item for line in o.line_set.all()]} for o in orders]
        return JsonResponse({"results": found})

    def order(request, order_id):
        return JsonResponse({"title": Order.objects.get(id=order_id).title})

    def schema(request):
        names = ("/api/lazy", "/api/related", "/api/orders", "/api/orders/{order_id}")
        return JsonResponse({"paths": {name: {"get": {}} for name in names}})

    api = [path("lazy", lazy), path("related", related), path("orders", orders),
           path("orders/<int:order_id>", order), path("schema.json", schema)]
    urlpatterns = [path("api/", include(api))]
    """,
    "shop_wsgi.py": """
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    """,
    "test_site.py": """
    from seatrial import counted_statements

    def test_reads(client, db):
        for order in range(6):
            db.execute("insert into shop_order (title) values (%s)", f"order {order}")
            db.execute("insert into shop_line (order_id, item) values (%s, 'rope')", order + 1)
        with counted_statements() as seen:
            assert len(client.get("/api/lazy").json()) == 6
        (repeated,) = seen.repeated
        assert (repeated.times, repeated.different) == (6, 6), seen
        with counted_statements() as seen:
            assert len(client.get("/api/related").json()) == 6
        assert seen.repeated == []
        assert client.get("/api/orders/3").json() == {"title": "order 2"}
        assert client.get("/api/none").status_code == 404
    """,
}

LITESTAR = {
    "pyproject.toml": """
    [tool.seatrial]
    app = "star:app"
    [tool.seatrial.env]
    DATABASE_URL = "{database.url:async}"
    SYNC_URL = "{database.url:sync}"
    [tool.seatrial.database]
    schema = { metadata = "star:Base.metadata" }
    """,
    "star.py": """
    import os
    from sqlalchemy import ForeignKey, create_engine, select
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
    from litestar import Litestar, Request, Router, get, post

    class Base(DeclarativeBase):
        pass

    class Order(Base):
        __tablename__ = "orders"
        id: Mapped[int] = mapped_column(primary_key=True)
        lines: Mapped[list["Line"]] = relationship()

    class Line(Base):
        __tablename__ = "lines"
        id: Mapped[int] = mapped_column(primary_key=True)
        order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
        item: Mapped[str]

    engine = create_engine(os.environ["SYNC_URL"])
    waiting = create_async_engine(os.environ["DATABASE_URL"])

    @post("/")
    async def create(request: Request) -> int:
        async with AsyncSession(waiting) as session, session.begin():
            order = Order(lines=[Line(item=item) for item in await request.json()])
            session.add(order)
            await session.flush()
            return order.id

    @get("/lazy", sync_to_thread=True)
    def lazy() -> list[list[str]]:
        with Session(engine) as session:
            return [[line.item for line in order.lines] for order in session.scalars(select(Order))]

    @get("/{order_id:int}")
    async def one(order_id: int) -> list[str]:
        async with AsyncSession(waiting) as session:
            await session.get(Order, order_id)
            return list(await session.scalars(select(Line.item).where(Line.order_id == order_id)))

    async def close() -> None:
        await waiting.dispose()
        engine.dispose()

    app = Litestar([Router("/orders", route_handlers=[create, lazy, one])], on_shutdown=[close])
    """,
    "test_star.py": """
    from seatrial import counted_statements

    def test_reads(client):
        for number in range(5):
            assert client.post("/orders", json=["rope", "sail"]).json() == number + 1
        with counted_statements() as seen:
            assert client.get("/orders/lazy").json() == [["rope", "sail"]] * 5
        assert len(seen) == 6, seen
        assert [repeated.times for repeated in seen.repeated] == [5]
        assert client.get("/orders/3").json() == ["rope", "sail"]
    """,
}


def by_route(ledger: Ledger) -> dict[str | None, Exchange]:
    """The last exchange of each route."""
    return {exchange.route: exchange for exchange in ledger.exchanges}


def texts(ledger: Ledger, exchange: Exchange) -> list[str]:
    """The statements of an exchange, but for what Django asks of each new connection."""
    found = [ledger.sql(statement) for statement in ledger.statements_in(exchange)]
    return [text for text in found if "set_config" not in text]


def test_django(project: Project) -> None:
    project.write(DJANGO)
    options = ("--seatrial-ledger=run.jsonl", "--seatrial-checks=queries")
    result = project.pytest(*options, "-W", "ignore::DeprecationWarning").expect(1, passed=1, failed=1)
    assert result.errors("GET /api/lazy: expected as many statements for 10 rows as for 1") == 1
    assert result.errors("compared: GET /api/orders (") == 1
    assert result.errors("GET /api/related (") == 1
    ledger = read(project.root / "run.jsonl")
    assert ledger.gaps == []
    assert {statement.driver for statement in ledger.statements} == {"psycopg"}
    routes = by_route(ledger)
    assert {"/api/lazy", "/api/related", "/api/orders/<int:order_id>", None} <= set(routes)
    (lazy,) = [exchange for exchange in ledger.exchanges_of("test_site.py::test_reads")
               if exchange.route == "/api/lazy"]  # fmt: skip
    assert len(texts(ledger, lazy)) == 7
    suspect = next(each for each in suspects(ledger) if each.exchange == lazy)
    assert (suspect.repeated.times, suspect.repeated.different) == (6, 6)
    assert str(suspect).startswith("GET /api/lazy in test_site.py::test_reads: ")
    # The check's own exchanges are recorded, too.
    assert {each.exchange.route for each in suspects(ledger)} == {"/api/lazy"}


def test_litestar_on_sqlite(project: Project) -> None:
    project.write(LITESTAR)
    options = ("--seatrial-ledger=run.jsonl", "--seatrial-database=sqlite")
    project.pytest(*options, "-W", "ignore::DeprecationWarning").expect(passed=1)
    ledger = read(project.root / "run.jsonl")
    assert ledger.gaps == []
    assert {statement.driver for statement in ledger.statements} == {"pysqlite", "aiosqlite"}
    routes = by_route(ledger)
    assert set(routes) == {"/orders", "/orders/lazy", "/orders/{order_id}"}
    assert len(texts(ledger, routes["/orders/lazy"])) == 6
    assert len(texts(ledger, routes["/orders/{order_id}"])) == 2
    assert ledger.relations_of("test_star.py::test_reads") == {"main.orders", "main.lines"}
    (suspect,) = suspects(ledger)
    assert suspect.exchange == routes["/orders/lazy"]
    assert (suspect.statements, suspect.repeated.times) == (6, 5)
