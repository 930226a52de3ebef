"""A shop on SQLAlchemy whose models serve both engines."""

from __future__ import annotations

from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
app = "shop:app"
[tool.seatrial.env]
DATABASE_URL = "{database.url:async}"
[tool.seatrial.database]
engine = "sqlite"
schema = { metadata = "models:Base.metadata" }
seeds = ["seed.sql", "seeds:more"]
"""
MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    item: Mapped[str]
"""
SEEDS = """
from models import Customer

def more(db, session, url):
    assert db.scalar("select name from customers where id = %s", 1) == "Ann; the first"
    session.add(Customer(id=2, name=url.partition(":")[0]))
"""
SHOP = """
import os
from contextlib import asynccontextmanager
from fastapi import FastAPI, HTTPException
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from models import Order

@asynccontextmanager
async def lifespan(app):
    app.state.engine = create_async_engine(os.environ["DATABASE_URL"])
    yield
    await app.state.engine.dispose()

app = FastAPI(lifespan=lifespan)

@app.post("/orders", status_code=201)
async def create(item: str, customer: int = 1):
    async with AsyncSession(app.state.engine) as session:
        order = Order(item=item, customer_id=customer)
        session.add(order)
        try:
            await session.commit()
        except IntegrityError as error:
            raise HTTPException(409, str(error.orig))
        await session.refresh(order)
        return {"id": order.id}

@app.get("/orders")
async def orders():
    async with AsyncSession(app.state.engine) as session:
        return list(await session.scalars(select(Order.item).order_by(Order.id)))
"""


def write_shop(project: Project, tests: str, **more: str) -> Project:
    files = {
        "pyproject.toml": PYPROJECT,
        "models.py": MODELS,
        "seeds.py": SEEDS,
        "shop.py": SHOP,
        "seed.sql": "-- one; customer\ninsert into customers (id, name)\n values (1, 'Ann; the first');\n",
    }
    return project.write({**files, "test_shop.py": tests, **more})
