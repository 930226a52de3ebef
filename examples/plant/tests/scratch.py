"""Further empty databases on the tests' server, for what makes its own schema."""

from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import sqlalchemy
from alembic import command
from alembic.config import Config
from seatrial import Handle
from steps import AGENT_A

from security.rls import SETTING

PLANT = Path(__file__).parents[1]


class Scratch:
    """One database that belongs to the role the migrations run as."""

    def __init__(self, address):
        self._address = address
        self.url = address.url()
        self.config = Config(PLANT / "alembic.ini")
        migrated_at = address.url("postgresql+asyncpg")
        self.config.set_main_option("sqlalchemy.url", migrated_at.replace("%", "%%"))

    def upgrade(self, revision="head"):
        command.upgrade(self.config, revision)

    def downgrade(self, revision):
        command.downgrade(self.config, revision)

    def create_all(self, metadata):
        engine = sqlalchemy.create_engine(self._address.url("postgresql+psycopg"))
        metadata.create_all(engine)
        engine.dispose()

    @contextmanager
    def handle(self):
        """A handle of the owner, who works for agent A: policies apply to it as soon as there are any."""
        handle = Handle.of_url(self.url)
        handle.execute(f"SET {SETTING} = '{AGENT_A}'")
        yield handle
        handle.close()


@contextmanager
def scratch_database(cluster):
    """Create one, and drop it in the end. What only an administrator may create is there."""
    name = f"plant_{uuid4().hex}"
    with cluster.connect(cluster.admin["dbname"]) as admin:
        admin.execute(
            f"CREATE DATABASE {name} OWNER {cluster.owner.user} TEMPLATE template0 STRATEGY file_copy"
        )
        try:
            with cluster.connect(name) as inside:
                inside.execute("CREATE EXTENSION vector")
            yield Scratch(cluster.address(name, login="owner"))
        finally:
            _wait_until_left(admin, name)
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _wait_until_left(admin, name):
    """A session that is still ending would make the server wait for it a tenth of a second."""
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND state IS NULL"
    while admin.execute(sessions, [name]).fetchone()[0]:
        pass
