"""Names that this team has always used, for what seatrial provides."""

from functools import partial

import pytest


@pytest.fixture
def integration_settings(app):
    return app.state.resources.settings


@pytest.fixture
def integration_engine(app):
    return app.state.resources.engine


@pytest.fixture
def integration_db(async_db_session):
    return async_db_session


@pytest.fixture
def integration_app(app):
    return app


@pytest.fixture
def integration_client(async_client):
    return async_client.anonymous()


@pytest.fixture
def seed_data(db):
    return {row["external_id"]: row for row in db.rows("SELECT * FROM users")}


@pytest.fixture
def client_admin_a_int(async_client):
    return async_client.as_user("admin_a")


@pytest.fixture
def client_viewer_a_int(async_client):
    return async_client.as_user("viewer_a")


@pytest.fixture
def client_admin_b_int(async_client):
    return async_client.as_user("admin_b")


@pytest.fixture
def mock_llm_client(fakes):
    return fakes.openai


@pytest.fixture
def make_token(identities):
    return partial(identities.token, "admin_a")
