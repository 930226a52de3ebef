"""A shop with row-level security that reads its orders in every way there is, good and bad."""

QUERIES_SHOP = """
import os
from contextlib import asynccontextmanager
from fastapi import Depends, FastAPI, Header, HTTPException
from sqlalchemy import ForeignKey, create_engine, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.orm import joinedload, selectinload

class Base(DeclarativeBase):
    pass

class Tenant(Base):
    __tablename__ = "tenants"
    id: Mapped[str] = mapped_column(primary_key=True)

class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    title: Mapped[str]
    archived: Mapped[bool]
    lines: Mapped[list["Line"]] = relationship()

class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    product: Mapped[Product] = relationship()

engine = create_engine(os.environ["SYNC_URL"])

@asynccontextmanager
async def lifespan(app):
    app.state.engine = create_async_engine(os.environ["DATABASE_URL"])
    yield
    await app.state.engine.dispose()
    engine.dispose()

app = FastAPI(lifespan=lifespan)

SET = text("select set_config('shop.tenant', :tenant, true)")

def session(x_tenant: str = Header()):
    with Session(engine) as session:
        session.execute(SET, {"tenant": x_tenant})
        yield session

Db = Depends(session)

def shown(orders):
    return [{"id": order.id, "lines": [line.product.name for line in order.lines]} for order in orders]

@app.get("/orders")
def listed(db: Session = Db):
    return [{"id": order.id, "title": order.title} for order in db.scalars(select(Order))]

@app.get("/lazy")
def lazy(db: Session = Db):
    return shown(db.scalars(select(Order).order_by(Order.id).limit(10)))

@app.get("/selectin")
def selectin(db: Session = Db):
    return shown(db.scalars(select(Order).options(selectinload(Order.lines).selectinload(Line.product))))

@app.get("/joined")
def joined(db: Session = Db):
    return shown(db.scalars(select(Order).options(joinedload(Order.lines).joinedload(Line.product))).unique())

@app.get("/page")
def page(limit: int = 5, db: Session = Db):
    rows = db.scalars(select(Order.id).limit(limit)).all()
    more = db.scalar(select(func.count()).select_from(Order)) if len(rows) == 5 else 0
    return {"rows": list(rows), "more": more}

@app.get("/chunks")
async def chunks(x_tenant: str = Header()):
    async with app.state.engine.connect() as connection:
        await connection.execute(SET, {"tenant": x_tenant})
        ids = (await connection.scalars(select(Order.id))).all()
        lines = await connection.scalars(select(Line.id).where(Line.order_id.in_(ids)))
        return {"orders": list(ids), "lines": list(lines)}

@app.get("/orders/{order_id}/products")
def products(order_id: int, db: Session = Db):
    lines = db.scalars(select(Line).where(Line.order_id == order_id)).all()
    return [line.product.name for line in lines]

@app.get("/total")
def total(db: Session = Db):
    counting = "select count(*) from lines where order_id = "
    return sum(db.scalar(text(f"{counting}{order}")) for order in db.scalars(select(Order.id)).all())

@app.get("/search")
def search(q: str, db: Session = Db):
    return list(db.scalars(select(Order.title).where(Order.title.contains(q), ~Order.archived)))

@app.get("/others")
def others(db: Session = Db):
    return list(db.scalars(select(Order.id).where(Order.title == "nobody's")))

@app.get("/refused")
def refused(db: Session = Db):
    raise HTTPException(403)

@app.get("/broken")
def broken(db: Session = Db):
    title = db.scalar(select(Order.title))
    if title != "order 0":
        raise KeyError(f"what is {title}?")
    return [title]

@app.get("/health")
def health():
    return "ok"

@app.get("/reports/{name}")
def reports(name: str):
    raise HTTPException(404)
"""

QUERIES_SCHEMA = """
create table tenants (id text primary key);
create table products (id int generated always as identity primary key, name text not null unique);
create table orders (id int generated always as identity primary key,
  tenant_id text not null references tenants, title text not null, archived bool not null,
  unique (tenant_id, title));
create table lines (id int generated always as identity primary key, order_id int not null references orders,
  product_id int references products);
alter table orders enable row level security;
alter table orders force row level security;
create policy mine on orders using (tenant_id = current_setting('shop.tenant', true))
"""

QUERIES_SETTINGS = """
[tool.seatrial]
app = "queries_shop:app"
[tool.seatrial.env]
DATABASE_URL = "{database.url:async}"
SYNC_URL = "{database.url:sync}"
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
app_role = "clerk"
[tool.seatrial.identities]
scheme = "header"
headers = { X-Tenant = "{tenant.id}" }
[tool.seatrial.identities.tenants]
a = { id = "t-a" }
[tool.seatrial.identities.users]
alice = { tenant = "a" }
"""

QUERIES_ROWS = """
def make(number, db):
    db.execute("insert into tenants values ('t-a')")
    db.execute("set shop.tenant = 't-a'")
    insert = "insert into orders (tenant_id, title, archived) values ('t-a', %s, false)"
    for order in range(number):
        db.execute(insert, f"order {order}")

def nothing(number, db):
    pass

def by_requests(number, client):
    assert client.as_user("alice").get("/health").json() == "ok"

def wrong(number, database):
    pass
"""
