"""`seatrial run -- COMMAND`: a process in the environment the tests have."""

from __future__ import annotations

import signal
import sys

import psutil
import pytest

from tests.support.project import Project

SEATRIAL = (sys.executable, "-m", "seatrial")

WORKER = """
import os
import sys
import psycopg

with psycopg.connect(os.environ["DATABASE_URL"]) as one, psycopg.connect("") as two:
    one.execute("insert into orders (item) values ('worker')")
    one.commit()
    print(two.execute("select current_database(), item from orders").fetchall())
sys.exit(7)
"""

WAITER = """
import signal
import sys

def stop(*_):
    print("told to stop", flush=True)
    sys.exit(9)

signal.signal(signal.SIGTERM, stop)
print("waiting", flush=True)
while True:
    signal.pause()
"""


def test_a_command_lands_in_a_test_database_of_its_own(project: Project) -> None:
    project.shop("", **{"worker.py": WORKER})
    result = project.run(
        *SEATRIAL, "run", "--", sys.executable, "worker.py", DATABASE_URL="postgresql://h.example/x"
    )
    assert result.status == 7, result.output
    assert "[('seatrial', 'worker')]" in result.output
    assert project.run(*SEATRIAL, "run", "--", "sh", "-c", "kill -KILL $$").status == 128 + signal.SIGKILL


def test_a_signal_reaches_the_command_and_nothing_is_left(project: Project) -> None:
    project.shop("", **{"waiter.py": WAITER})
    process = project.start(*SEATRIAL, "run", "--", sys.executable, "waiter.py")
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) >= 2
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 9, output
    assert "told to stop" in output
    assert not psutil.wait_procs(started, timeout=20)[1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has gone")
def test_a_killed_run_takes_its_command_along(project: Project) -> None:
    project.shop("", **{"waiter.py": WAITER})
    process = project.start(*SEATRIAL, "run", "--", sys.executable, "waiter.py")
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.kill()
    output, _ = process.communicate(timeout=60)
    assert output == "told to stop\n"


def test_what_cannot_be_run_is_said_and_gives_two(project: Project) -> None:
    nowhere = project.run(*SEATRIAL, "run", "--", "true")
    assert nowhere.status == 2
    assert "settings.missing" in nowhere.output
    project.shop("")
    nothing = project.run(*SEATRIAL, "run")
    assert nothing.status == 2
    assert "cli.no-command" in nothing.output
    unknown = project.run(*SEATRIAL, "run", "--", "no-such-command")
    assert unknown.status == 2
    assert "'no-such-command' could not be run" in unknown.output
    project.write({"schema.sql": "no sql"})
    broken = project.run(*SEATRIAL, "run", "--", "true")
    assert broken.status == 2
    assert "schema.sql:1 failed" in broken.output
    for result in (nowhere, nothing, unknown, broken):
        assert "Traceback" not in result.output
