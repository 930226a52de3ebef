"""How tests and the project's own function fill Unity Catalog: catalogs, schemas, tables with rows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.databricks import names
from seatrial.fakes.databricks.refusals import Refused
from seatrial.fakes.databricks.unity.objects import Catalog, Column, Schema, Table, default_schema
from seatrial.fakes.databricks.unity.types import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seatrial.fakes.databricks.fake import DatabricksFake
    from seatrial.fakes.databricks.unity.objects import Securable


class CatalogHandle:
    """A catalog, to put schemas into.

    Args:
        fake: the workspace.
        name: of the catalog.
    """

    def __init__(self, fake: DatabricksFake, name: str) -> None:
        self._fake = fake
        self.full_name = name

    def schema(self, name: str, *, owner: str | None = None, comment: str | None = None) -> SchemaHandle:
        """The schema of this name, made if it is not there.

        Raises:
            FakeError: Unity Catalog would not take the name.
        """
        full = f"{self.full_name}.{names.check(name, kind='schema')}"
        made = Schema(full_name=full, owner=owner or self._fake.admin, created=time.time(), comment=comment)
        if put(self._fake, made):
            self._fake.data.create_schema(self.full_name, made.name)
        return SchemaHandle(self._fake, full)

    def __repr__(self) -> str:
        return f"<catalog {self.full_name}>"


class SchemaHandle:
    """A schema, to put tables into.

    Args:
        fake: the workspace.
        full_name: of the schema.
    """

    def __init__(self, fake: DatabricksFake, full_name: str) -> None:
        self._fake = fake
        self.full_name = full_name

    def table(
        self,
        name: str,
        *,
        columns: Mapping[str, str],
        rows: Iterable[Any] = (),
        file: str | None = None,
        owner: str | None = None,
        comment: str | None = None,
    ) -> TableHandle:
        """Make a table.

        Args:
            name: of the table.
            columns: name -> type as Databricks writes it; `BIGINT NOT NULL` for one that takes no null.
            rows: each a sequence of values in the order of the columns, or a mapping by their names.
            file: a file of rows, CSV with a header, JSON or Parquet, relative to the folder of the settings.
            owner: the name of whoever owns it; the administrator without one.
            comment: what it is for.

        Raises:
            FakeError: a name, a type or a row is wrong, the table is there already, the file is not, or there
                are rows and the extra `databricks-sql` is not installed.
        """
        full = f"{self.full_name}.{names.check(name, kind='table')}"
        described = tuple(_column(one, kind) for one, kind in columns.items())
        made = Table(
            full_name=full,
            owner=owner or self._fake.admin,
            created=time.time(),
            comment=comment,
            columns=described,
        )
        if not put(self._fake, made):
            raise FakeError(
                f"The table {full} is there already.",
                code="fakes.databricks-table",
                remedy=f"Take it as fakes.{self._fake.name}.tables[{full!r}], or choose another name.",
            )
        self._fake.data.create_table(full, described, rows, file=self._file(file))
        return TableHandle(self._fake, full)

    def _file(self, file: str | None) -> Path | None:
        if file is None:
            return None
        path = (self._fake.root or Path.cwd()) / file
        if not path.is_file():
            raise FakeError(
                f"A table expects the file {path}, which is not there.",
                code="fakes.databricks-table",
                remedy="Give a path relative to the folder of the settings.",
            )
        return path

    def __repr__(self) -> str:
        return f"<schema {self.full_name}>"


class TableHandle:
    """A table and its rows.

    Args:
        fake: the workspace.
        full_name: of the table.
    """

    def __init__(self, fake: DatabricksFake, full_name: str) -> None:
        self._fake = fake
        self.full_name = full_name

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """All rows, as Python has them.

        Raises:
            FakeError: the extra `databricks-sql` is not installed.
        """
        return self._fake.data.rows(self.full_name)

    def add(self, *rows: Any) -> None:
        """Add rows, each a sequence or a mapping.

        Raises:
            FakeError: a row is wrong, or the extra `databricks-sql` is not installed.
        """
        self._fake.data.add_rows(self.full_name, rows)

    def __repr__(self) -> str:
        return f"<table {self.full_name}>"


def put(fake: DatabricksFake, securable: Securable) -> bool:
    """Add it unless it is there; whether it was added.

    Raises:
        FakeError: what it should be in is not there.
    """
    with fake.space.lock:
        store = fake.space.state.store
        if store.get(securable.full_name) is not None:
            return False
        try:
            store.add(securable)
        except Refused as refused:
            raise FakeError(
                f"{securable.described} cannot be made: {refused.message}",
                code="fakes.databricks-name",
                remedy="Make what it is in first.",
            ) from refused
        return True


def make_catalog(fake: DatabricksFake, name: str, *, owner: str | None, comment: str | None) -> CatalogHandle:
    """The catalog of this name, made if it is not there.

    Raises:
        FakeError: Unity Catalog would not take the name.
    """
    checked = names.check(name, kind="catalog")
    made = Catalog(full_name=checked, owner=owner or fake.admin, created=time.time(), comment=comment)
    if put(fake, made):
        put(fake, default_schema(made))
        fake.data.create_catalog(checked)
    return CatalogHandle(fake, checked)


def _column(name: object, written: object) -> Column:
    why = None if isinstance(name, str) and name else "it is no text"
    if why is not None:
        raise FakeError(
            f"A column expects a name, found {name!r}: {why}.",
            code="fakes.databricks-table",
            remedy='Write columns={"id": "BIGINT", "name": "STRING"}.',
        )
    text = str(written).strip()
    nullable = not text.lower().endswith(" not null")
    kind = (
        parse(text if nullable else text[: -len(" not null")]) if isinstance(written, str) else parse(written)
    )
    return Column(name=str(name), type=kind, nullable=nullable)


class _Tables(Mapping[str, TableHandle]):
    def __init__(self, fake: DatabricksFake) -> None:
        self._fake = fake

    def __getitem__(self, full: str) -> TableHandle:
        name = names.canonical(full)
        with self._fake.space.lock:
            if not isinstance(self._fake.space.state.store.get(name), Table):
                raise KeyError(full)
        return TableHandle(self._fake, name)

    def __iter__(self) -> Iterator[str]:
        with self._fake.space.lock:
            return iter([one.full_name for one in self._fake.space.state.store if isinstance(one, Table)])

    def __len__(self) -> int:
        return len(list(iter(self)))


def tables(fake: DatabricksFake) -> Mapping[str, TableHandle]:
    """The tables of a workspace by their full names."""
    return _Tables(fake)
