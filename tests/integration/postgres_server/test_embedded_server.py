from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from seatrial.postgres.cache import measure
from seatrial.postgres.server import ReservedPort, ServerOptions, prepared_data


def ask(server, query, database="postgres"):
    with psycopg.connect(server.admin_dsn(database)) as connection:
        return connection.execute(query).fetchone()[0]


def open_files(process):
    return [str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir()]


def test_settings_are_those_for_tests(start):
    server = start()
    expected = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": "off",
        "io_method": "sync",
        "allow_alter_system": "off",
        "scram_iterations": "1",
        "listen_addresses": "127.0.0.1",
        "TimeZone": "UTC",
        "jit": "off",
        "deadlock_timeout": "100ms",
        "max_connections": "100",
        "shared_buffers": "32MB",
        "server_encoding": "UTF8",
    }
    with psycopg.connect(server.admin_dsn()) as connection:
        found = {name: connection.execute(f'show "{name}"').fetchone()[0] for name in expected}
        known = connection.execute("select count(*) from pg_file_settings where error is not null").fetchone()
    assert found == expected
    assert known == (0,)


def test_letters_beyond_ascii_have_cases(start):
    assert ask(start(), "select upper('straße é')") == "STRAßE É"


def test_options_of_the_team_apply(start):
    server = start(options=ServerOptions(max_connections=17, settings={"work_mem": "3MB", "app.x": "it's"}))
    assert ask(server, "show max_connections") == "17"
    assert ask(server, "show work_mem") == "3MB"
    assert ask(server, "show app.x") == "it's"


def test_the_application_logs_in_over_tcp_with_a_password(start):
    server = start()
    with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
        connection.execute("create role app login password 'swordfish'")
    address = {"host": "127.0.0.1", "port": server.port, "dbname": "postgres"}
    with psycopg.connect(**address, user="app", password="swordfish") as connection:
        assert connection.execute("select current_user").fetchone() == ("app",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**address, user="app", password="wrong")


def test_the_superuser_is_reached_over_the_socket_only(start):
    server = start()
    with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
        connection.execute("alter role seatrial password 'swordfish'")
        connection.execute("create role app login password 'swordfish'")
    with pytest.raises(psycopg.OperationalError, match="rejects connection"):
        psycopg.connect(host="127.0.0.1", port=server.port, user="seatrial", password="swordfish")
    # The socket is ours alone, and whoever may use it can be the superuser: so any other role as well.
    own = {"host": str(server.socket_dir), "port": server.port, "dbname": "postgres"}
    with psycopg.connect(user="app", **own) as session:
        assert session.execute("select current_user").fetchone() == ("app",)
    assert server.socket_dir.stat().st_mode & 0o077 == 0


def test_stop_leaves_no_process_and_no_folder(start):
    server = start()
    session = psycopg.connect(server.admin_dsn())
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    assert len(family) > 3
    server.stop()
    assert not server.run_dir.exists()
    assert not any(process.is_running() for process in family)
    server.stop()
    session.close()


def test_two_servers_do_not_meddle(start):
    first, second = start(label="a"), start(label="b")
    with psycopg.connect(first.admin_dsn(), autocommit=True) as connection:
        connection.execute("create database only_here")
    first.stop()
    assert ask(second, "select count(*) from pg_database where datname = 'only_here'") == 0


def test_the_server_holds_no_file_of_ours(start, tmp_path):
    if not Path("/proc/self/fd").exists():
        pytest.skip("open files can be listed on Linux only")
    leaky = os.open(tmp_path / "ours", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(leaky, True)
    try:
        server = start()
        for process in (server.pid, server._launch.supervised._process.pid):
            assert not [link for link in open_files(process) if link.endswith("/ours")]
        links = open_files(server.pid)
        assert len([link for link in links if "socket" in link]) <= 3
        assert not [link for link in links if "lease" in link]
    finally:
        os.close(leaky)


def test_no_file_stays_open_in_this_process(start):
    start().stop()
    before = psutil.Process().num_fds()
    start().stop()
    assert psutil.Process().num_fds() <= before + 1  # the port of the fixture


def test_a_kept_data_directory_starts_again(start, tmp_path, binaries):
    server = start()
    with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
        connection.execute("create database template_x")
    with psycopg.connect(server.admin_dsn("template_x")) as connection:
        connection.execute("create table t as select * from generate_series(1, 1000) as n")
    with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
        for _ in range(3):
            connection.execute("select pg_switch_wal()")
            connection.execute("create table if not exists more ()")
    kept = tmp_path / "kept"
    server.stop_and_keep(kept)
    assert not server.run_dir.exists()
    assert not (kept / "postmaster.pid").exists()
    assert len([path for path in (kept / "pg_wal").iterdir() if path.is_file()]) == 1
    size = measure(kept)
    again = start(source=kept)
    assert ask(again, "select count(*) from t", "template_x") == 1000
    again.stop()
    assert measure(kept) == size


def test_a_forked_child_does_not_stop_the_server(start):
    server = start()
    child = os.fork()
    if child == 0:
        server.stop()
        os._exit(0)
    os.waitpid(child, 0)
    assert ask(server, "select 1") == 1


def test_the_reserved_port_is_the_servers(start):
    server = start()
    with psycopg.connect(server.admin_dsn()) as connection:
        assert connection.execute("show port").fetchone() == (str(server.port),)
    other = ReservedPort.reserve()
    assert other.port != server.port
    other.release()


def test_a_label_shows_in_the_run_folder(start):
    assert "run-gw0-" in start(label="gw0").run_dir.name


def test_prepared_data_is_made_once(binaries, cache, source):
    stamp = (source / "PG_VERSION").stat().st_ino
    assert prepared_data(binaries, cache) == source
    assert (source / "PG_VERSION").stat().st_ino == stamp


def test_nothing_heavy_is_imported():
    heavy = "('psycopg', 'ctypes', 'asyncio')"
    script = f"import sys, seatrial.postgres.server; print([m for m in {heavy} if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"
