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


def one_of_each(client, name, **more):
    """One entity of each kind, by requests."""

    def made(path, **values):
        answer = client.post(f"/api/v1/{path}", json={"name": f"{path} {name}"} | more | values)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    skill, industry, team = made("skills", category="test"), made("industries"), made("teams")
    role = made("job-roles", industry_id=industry, required_skills=[skill])
    made("agents", skill_id=skill, job_role_id=role, industry_id=industry, team_id=team)


def make(number, client):
    """As many of each kind."""
    for count in range(number):
        one_of_each(client.as_user("a"), count)
