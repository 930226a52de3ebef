"""What the workspace of the tests holds; `workspace.py` makes it, and a real one has to have it."""

USER_A = "test-user-a@example.com"
USER_B = "test-user-b@example.com"

CATALOGS = ["main", "samples"]
SCHEMAS = {"main": ["default", "sales"], "samples": ["nyctaxi", "tpch"]}

CUSTOMERS = "main.sales.customers"
ORDERS = "main.sales.orders"
NATION = "samples.tpch.nation"
TRIPS = "samples.nyctaxi.trips"

COLUMNS = {
    CUSTOMERS: {
        "id": "BIGINT",
        "name": "STRING",
        "country": "STRING",
        "credit": "DECIMAL(10,2)",
        "active": "BOOLEAN",
    },
    ORDERS: {
        "id": "BIGINT",
        "customer_id": "BIGINT",
        "amount": "DOUBLE",
        "placed": "DATE",
        "status": "STRING",
    },
    NATION: {"n_nationkey": "BIGINT", "n_name": "STRING", "n_regionkey": "BIGINT", "n_comment": "STRING"},
    TRIPS: {"trip_id": "BIGINT", "pickup_zip": "INT", "distance": "DOUBLE"},
}
# As JSON has them: a decimal keeps its digits as text.
ROWS = {
    CUSTOMERS: [
        (1, "Ada", "GB", "1000.50", True),
        (2, "Grace", "US", "0.00", True),
        (3, "Zoë d'Été", "FR", "20.10", False),
        (4, "李雷", "CN", None, True),
        (5, "Linus", "FI", "99999999.99", True),
    ],
    ORDERS: [
        (number, 1 + number % 5, number * 2.5, f"2026-01-{number:02}", "open" if number % 3 else "paid")
        for number in range(1, 25)
    ],
    NATION: [(0, "ALGERIA", 0, "haggle"), (1, "ARGENTINA", 1, None), (2, "BRAZIL", 1, "y alongside")],
}
TRIP_COUNT = 100_000

CHAT = "llama-4-maverick"
CLASSIFIER = "custom-classifier"
PETALS = {
    "dataframe_records": [
        {"petal_length": 1.4, "petal_width": 0.2},
        {"petal_length": 5.1, "petal_width": 1.9},
    ]
}
_RECORD = {
    "type": "object",
    "properties": {"petal_length": {"type": "number"}, "petal_width": {"type": "number"}},
    "required": ["petal_length", "petal_width"],
}
_SPLIT = {
    "type": "object",
    "properties": {"columns": {"type": "array"}, "data": {"type": "array"}},
    "required": ["columns", "data"],
}
CLASSIFIER_INPUT = {
    "oneOf": [
        {"type": "object", "properties": {"dataframe_split": _SPLIT}, "required": ["dataframe_split"]},
        {
            "type": "object",
            "properties": {"dataframe_records": {"type": "array", "items": _RECORD}},
            "required": ["dataframe_records"],
        },
    ]
}


def described(schema):
    """The document of a model of the team's own, as MLflow's signature becomes one."""
    body = {"content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": body, "responses": {"200": {"description": "Predictions"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": CLASSIFIER, "version": "1"},
        "paths": {f"/served-models/{CLASSIFIER}-1/invocations": {"post": operation}},
    }


def rows_of(table):
    """The rows of a small table as the application answers them."""
    return [dict(zip(COLUMNS[table], row, strict=True)) for row in ROWS[table]]


def place(table):
    """A full name as the parameters that name a table."""
    return dict(zip(("catalog", "schema", "table"), table.split("."), strict=True))


def trip(number):
    """A row of the large table."""
    return {"trip_id": number, "pickup_zip": 10_000 + number % 50, "distance": (number % 400) / 4}
