"""A small project in a folder of its own, run as a user runs it: pytest in a fresh process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

PYPROJECT = """
[tool.seatrial]
app = "shop:app"
[tool.seatrial.env]
DATABASE_URL = "{database.url}"
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
"""

SCHEMA = "create table orders (id int generated always as identity primary key, item text not null);\n"

SHOP = """
import os
from contextlib import asynccontextmanager
import asyncpg
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1) as app.state.pool:
        yield

app = FastAPI(lifespan=lifespan)

@app.post("/orders", status_code=201)
async def create(item: str):
    return {"id": await app.state.pool.fetchval("insert into orders (item) values ($1) returning id", item)}

@app.get("/orders")
async def orders():
    return [r["item"] for r in await app.state.pool.fetch("select item from orders order by id")]
"""


@dataclass
class Result:
    """How a run ended."""

    status: int
    output: str

    @property
    def counts(self) -> dict[str, int]:
        last = [line for line in self.output.splitlines() if re.search(r"\d+ \w+.* in [\d.]+s", line)]
        pairs = (
            re.findall(
                r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?)", last[-1]
            )
            if last
            else []
        )
        return {
            word.rstrip("s") if word.startswith(("error", "warning")) else word: int(count)
            for count, word in pairs
        }

    def errors(self, text: str) -> int:
        """How often the report says this, pytest's summary, which repeats errors in CI, left aside."""
        report, _, _ = self.output.partition("short test summary info")
        return sum(text in line for line in report.splitlines())

    def expect(self, status: int = 0, **counts: int) -> Result:
        """Check the exit status and the counts; the output is the message."""
        assert self.status == status, self.output
        assert self.counts == counts, self.output
        return self


@dataclass
class Project:
    """Files below a folder, and the ways to run them."""

    root: Path
    cache: Path
    env: dict[str, str] = field(default_factory=dict)

    def write(self, files: dict[str, str]) -> Project:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return self

    def shop(self, tests: str = "", **more: str) -> Project:
        """The smallest complete application, with tests in test_shop.py."""
        files = {"pyproject.toml": PYPROJECT, "schema.sql": SCHEMA, "shop.py": SHOP}
        return self.write({**files, "test_shop.py": tests, **more})

    def environment(self, **env: str) -> dict[str, str]:
        """A clean environment: nothing of the surrounding run reaches the project."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SEATRIAL_", "PG", "PYTEST_", "COV_"))
            and not name.endswith("DATABASE_URL")
        }
        return {**kept, "SEATRIAL_CACHE": str(self.cache), "PYTHONDONTWRITEBYTECODE": "1", **self.env, **env}

    def start(self, *command: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment(**env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str, **env: str) -> Result:
        process = self.start(*command, **env)
        try:
            output, _ = process.communicate(timeout=110)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            raise AssertionError(f"not over after 110 s; so far:\n{output}") from None
        return Result(process.returncode, output)

    def pytest(self, *arguments: str, plugins: bool = False, **env: str) -> Result:
        """Run pytest with seatrial as the only plugin, or with all that are installed."""
        if not plugins:
            env = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **env}
            arguments = ("-p", "seatrial.plugin", *arguments)
        return self.run(sys.executable, "-m", "pytest", "-W", "error", "--color=no", *arguments, **env)
