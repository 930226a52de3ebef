"""Makes the workspace that the tests expect; called once for a run, with the fake."""

import csv
import tempfile
from pathlib import Path

from tests import reference


def build(databricks):
    for catalog, schemas in reference.SCHEMAS.items():
        for schema in schemas:
            databricks.catalog(catalog).schema(schema)
    for table, rows in reference.ROWS.items():
        _schema_of(databricks, table).table(
            table.rpartition(".")[2],
            columns=reference.COLUMNS[table],
            rows=rows,
            comment=f"All {len(rows)} rows",
        )
    _make_trips(databricks)
    for table in (reference.CUSTOMERS, reference.ORDERS, reference.TRIPS):
        databricks.grant_read(reference.USER_A, table)
    for table in (reference.NATION, reference.TRIPS):
        databricks.grant_read(reference.USER_B, table)
    databricks.warehouse("analytics")
    databricks.instance("app-lakebase")
    databricks.endpoint(reference.CHAT, task="llm/v1/chat")
    databricks.endpoint(
        reference.CLASSIFIER, predict=classify, openapi=reference.described(reference.CLASSIFIER_INPUT)
    )


def classify(inputs):
    """The model: one class for each record."""
    return ["setosa" if record["petal_length"] < 2.5 else "virginica" for record in inputs]


def _make_trips(databricks):
    # From a file: a hundred thousand rows of Python would take seconds.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trips.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(reference.COLUMNS[reference.TRIPS]))
            writer.writeheader()
            writer.writerows(reference.trip(number) for number in range(reference.TRIP_COUNT))
        _schema_of(databricks, reference.TRIPS).table(
            "trips", columns=reference.COLUMNS[reference.TRIPS], file=str(path)
        )


def _schema_of(databricks, table):
    catalog, schema, _ = table.split(".")
    return databricks.catalog(catalog).schema(schema)
