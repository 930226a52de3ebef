"""The fixtures' names are those this team has always used; seatrial stands behind them."""

import itertools

import pytest
import sqlalchemy
from steps import AGENT_A, schema_of

from core import entities
from core.connector import DatabaseConnector
from core.settings import Settings
from models import Agent, Base, Industry, JobRole, Skill, Team
from validators.entities import NewAgent, NewIndustry, NewJobRole, NewSkill, NewTeam


@pytest.fixture(scope="session")
def postgres_container(database):
    return database


@pytest.fixture(scope="session")
def test_db_url(postgres_container):
    return postgres_container.address.url("postgresql+asyncpg")


@pytest.fixture(scope="session")
async def connector(test_db_url):
    async with DatabaseConnector(Settings(database_url=test_db_url)) as connector:
        yield connector


@pytest.fixture(scope="session")
def async_engine(connector):
    return connector.read_write


@pytest.fixture
async def async_session(connector):
    """A session of agent A; what it does not commit is rolled back."""
    async with connector.session(AGENT_A) as session:
        yield session


@pytest.fixture
def create(connector):
    """Makes and commits an entity for an agent, as the application does."""
    numbers = itertools.count(1)

    async def make(kind, new, *, agent=AGENT_A, **values):
        values.setdefault("name", f"{kind.__name__} {next(numbers)}")
        return await connector.run(
            lambda session: entities.create(session, kind, new(**values).values()), agent_id=agent
        )

    return make


@pytest.fixture
def create_test_skill(create):
    async def make(**values):
        return await create(Skill, NewSkill, **{"category": "analysis"} | values)

    return make


@pytest.fixture
def create_test_industry(create):
    async def make(**values):
        return await create(Industry, NewIndustry, **values)

    return make


@pytest.fixture
def create_test_team(create):
    async def make(**values):
        return await create(Team, NewTeam, **values)

    return make


@pytest.fixture
def create_test_job_role(create, create_test_industry):
    async def make(**values):
        if "industry_id" not in values:
            values["industry_id"] = (await create_test_industry()).id
        return await create(JobRole, NewJobRole, **values)

    return make


@pytest.fixture
def create_test_agent(create, create_test_skill, create_test_job_role):
    """An agent, and what it refers to where that is not given."""

    async def make(**values):
        if "skill_id" not in values:
            values["skill_id"] = (await create_test_skill()).id
        if "job_role_id" not in values:
            role = await create_test_job_role()
            values |= {"job_role_id": role.id, "industry_id": role.industry_id}
        return await create(Agent, NewAgent, **values)

    return make


@pytest.fixture
def every_kind(
    create_test_skill, create_test_industry, create_test_team, create_test_job_role, create_test_agent
):
    """What makes an entity, for each kind."""
    return create_test_skill, create_test_industry, create_test_team, create_test_job_role, create_test_agent


@pytest.fixture(scope="session")
def declared(empty_database):
    """The schema that the models declare, made by `create_all`."""
    with empty_database() as empty:
        engine = sqlalchemy.create_engine(empty.url("postgresql+psycopg"))
        Base.metadata.create_all(engine)
        engine.dispose()
        return schema_of(empty)


@pytest.fixture
def another_connector(test_db_url):
    """A connector with other settings; close it with `async with`."""

    def make(**settings):
        return DatabaseConnector(Settings(**{"database_url": test_db_url} | settings))

    return make
