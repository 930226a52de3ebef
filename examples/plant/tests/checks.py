"""What seatrial's checks call to make rows and entries as the application does, and to verify the trail."""

from core import entities
from core.connector import DatabaseConnector
from core.settings import Settings
from models import Skill
from security import audit


async def append(number):
    """A skill more, and with it an entry of the audit trail."""
    async with DatabaseConnector(Settings()) as connector:
        values = {"name": f"Skill {number}", "category": "test", "description": ""}
        await connector.run(lambda session: entities.create(session, Skill, values), agent_id="agent-a")


async def broken(session):
    """The sequence numbers of the entries that are not what the chain says."""
    return [found.sequence for found in (await audit.verify(session)).breaks]


def make(number, client):
    """As many skills, industries and teams, by requests."""
    mine = client.as_user("a")
    for count in range(number):
        for kind in ("skills", "industries", "teams"):
            body = {"name": f"{kind} {count}", "description": "x"}
            answer = mine.post(f"/api/v1/{kind}", json=body | ({"category": "test"} if kind == "skills" else {}))
            assert answer.status_code == 201, answer.text
