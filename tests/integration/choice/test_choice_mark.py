"""Marking a database as ours, inside it and on this machine, and taking that back."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
import textwrap

import psycopg
import pytest

from seatrial.errors import SettingsError, UnsafeTargetError
from seatrial.postgres.choice import Registry, choose_database, mark, unmark, write_marker

SECRET = "s3cret-Hx"
FULL = "create table kept (id int)"


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "config" / "seatrial" / "marked.json")


@pytest.fixture
def choose(registry, tmp_path):
    return lambda url: choose_database(option=url, environ={"HOME": str(tmp_path)}, registry=registry)


def comment_of(server, database):
    with psycopg.connect(
        host=server.socket_dir, port=server.port, user="root", dbname="postgres"
    ) as connection:
        query = "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"
        return connection.execute(query, [database]).fetchone()[0]


def url_of(server, database, user="plain"):
    return f"postgresql://{user}:{SECRET}@127.0.0.1:{server.port}/{database}"


def test_a_marked_database_is_safe_until_it_is_unmarked(server, fresh_database, registry, choose):
    url = url_of(server, fresh_database(statements=FULL))
    with pytest.raises(UnsafeTargetError):
        choose(url)
    marked = mark(url, may_be_erased=True, environ={}, registry=registry)
    assert marked.in_database
    choice = choose(url)
    assert (choice.mode, choice.facts.marked, choice.facts.empty) == ("named", True, False)
    unmarked = unmark(url, environ={}, registry=registry)
    assert (unmarked.in_database, unmarked.in_registry, unmarked.problem) == (True, True, None)
    with pytest.raises(UnsafeTargetError):
        choose(url)


def test_a_database_with_something_in_it_is_marked_only_with_permission(server, fresh_database, registry):
    database = fresh_database(statements=FULL)
    with pytest.raises(UnsafeTargetError, match="--this-database-may-be-erased"):
        mark(url_of(server, database), environ={}, registry=registry)
    assert comment_of(server, database) is None
    assert not registry.path.exists()


def test_an_empty_database_needs_no_permission(server, fresh_database, registry):
    database = fresh_database()
    assert mark(url_of(server, database), environ={}, registry=registry).in_database
    assert "seatrial may erase" in comment_of(server, database)


def test_a_role_that_may_create_databases_leaves_the_named_one_alone(server, fresh_database, registry):
    database = fresh_database(statements=FULL)
    marked = mark(url_of(server, database, user="maker"), environ={}, registry=registry)
    assert not marked.in_database
    assert comment_of(server, database) is None
    assert registry.path.exists()


def test_who_does_not_own_a_database_cannot_mark_it(server, fresh_database, registry):
    url = url_of(server, fresh_database(), user="reader")
    with pytest.raises(UnsafeTargetError, match="does not own"):
        mark(url, may_be_erased=True, environ={}, registry=registry)
    assert not registry.path.exists()


def test_the_comment_of_the_team_survives(server, fresh_database, registry):
    database = fresh_database()
    server.run(f"comment on database {database} is 'Ask Ada''s team'")
    url = url_of(server, database)
    mark(url, environ={}, registry=registry)
    mark(url, environ={}, registry=registry)
    assert comment_of(server, database).startswith("Ask Ada's team [seatrial may erase")
    assert comment_of(server, database).count("seatrial") == 1
    unmark(url, environ={}, registry=registry)
    assert comment_of(server, database) == "Ask Ada's team"


def test_unmarking_leaves_no_comment_where_there_was_none(server, fresh_database, registry):
    url = url_of(server, fresh_database())
    mark(url, environ={}, registry=registry)
    unmark(url, environ={}, registry=registry)
    assert comment_of(server, url.rpartition("/")[2]) is None


def test_a_renamed_database_has_lost_its_marker(server, fresh_database, registry, choose):
    database = fresh_database(statements=FULL)
    mark(url_of(server, database), may_be_erased=True, environ={}, registry=registry)
    server.run(f"alter database {database} rename to {database}_prod")
    try:
        with pytest.raises(UnsafeTargetError, match="no marker"):
            choose(url_of(server, f"{database}_prod"))
    finally:
        server.run(f"alter database {database}_prod rename to {database}")


def test_a_copy_of_a_marked_database_is_not_marked(server, fresh_database, registry, choose):
    database = fresh_database(statements=FULL)
    mark(url_of(server, database), may_be_erased=True, environ={}, registry=registry)
    server.run(f"create database {database}_copy template {database} owner plain")
    try:
        with pytest.raises(UnsafeTargetError, match="no marker"):
            choose(url_of(server, f"{database}_copy"))
    finally:
        server.run(f"drop database {database}_copy")


def test_the_marker_can_be_written_over_an_open_connection(server, fresh_database, choose):
    """What the builder of the tables does before it fills an empty database: the next run finds it full."""
    database = fresh_database()
    with psycopg.connect(url_of(server, database)) as connection:
        write_marker(connection)
        write_marker(connection)
        connection.execute(FULL)
    assert comment_of(server, database).count("seatrial") == 1
    assert choose(url_of(server, database)).mode == "named"


def test_the_list_is_private_and_holds_no_password(server, fresh_database, registry):
    database = fresh_database()
    mark(url_of(server, database), environ={}, registry=registry)
    assert stat.S_IMODE(registry.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(registry.path.parent.stat().st_mode) == 0o700
    assert json.loads(registry.path.read_text()) == [
        {"host": "127.0.0.1", "port": server.port, "database": database, "user": "plain"}
    ]


def test_what_was_done_is_told_without_the_password(server, fresh_database, registry):
    database = fresh_database()
    marked = mark(url_of(server, database), environ={}, registry=registry)
    unmarked = unmark(url_of(server, database), environ={}, registry=registry)
    told = "\n".join(marked.lines() + unmarked.lines())
    assert database in told
    assert str(registry.path) in told
    assert SECRET not in told + repr(marked) + repr(unmarked)


def test_a_list_of_servers_is_not_marked(registry):
    with pytest.raises(UnsafeTargetError, match="more than one place"):
        mark("postgresql://u@127.0.0.1:1,prod.example.com:1/app", environ={}, registry=registry)


def test_a_server_that_does_not_answer_is_not_marked(registry, free_port):
    url = f"postgresql://u:{SECRET}@127.0.0.1:{free_port}/app"
    with pytest.raises(UnsafeTargetError) as caught:
        mark(url, environ={}, registry=registry)
    assert SECRET not in str(caught.value)
    assert not registry.path.exists()


def test_a_database_that_is_gone_can_still_be_forgotten(server, fresh_database, registry, free_port):
    database = fresh_database()
    mark(url_of(server, database), environ={}, registry=registry)
    entries = [json.loads(registry.path.read_text())[0] | {"port": free_port}]
    registry.path.write_text(json.dumps(entries))
    url = f"postgresql://plain:{SECRET}@127.0.0.1:{free_port}/{database}"
    unmarked = unmark(url, environ={}, registry=registry)
    assert unmarked.in_registry
    assert unmarked.problem is not None
    assert json.loads(registry.path.read_text()) == []


FORWARD = textwrap.dedent("""
    import socket, sys, threading
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    def copy(source, sink):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    while True:
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        for pair in ((near, far), (far, near)):
            threading.Thread(target=copy, args=pair, daemon=True).start()
""")


@pytest.fixture
def tunnel(server):
    """A program that forwards a local port, as `ssh -L` does."""
    process = subprocess.Popen(
        [sys.executable, "-c", FORWARD, str(server.port)], stdout=subprocess.PIPE, text=True
    )
    yield int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()


def test_marking_lets_a_tunnel_through_for_that_database_alone(
    server, fresh_database, registry, choose, tunnel
):
    database, other = fresh_database(statements=FULL), fresh_database()
    url = f"postgresql://plain:{SECRET}@127.0.0.1:{tunnel}/{database}"
    with pytest.raises(UnsafeTargetError) as caught:
        choose(url)
    assert caught.value.code == "database.rule-3-holder"
    mark(url, may_be_erased=True, environ={}, registry=registry)
    assert choose(url).mode == "named"
    for changed in (url.replace(database, other), url.replace("plain", "maker")):
        with pytest.raises(UnsafeTargetError) as caught:
            choose(changed)
        assert caught.value.code == "database.rule-3-holder"


def test_marking_lifts_the_rule_about_hosts_for_that_host_alone(registry, choose, tmp_path, trap):
    """The list alone decides here: the probe then fails, since nobody serves PostgreSQL at that address."""
    registry.path.parent.mkdir(parents=True)
    entry = {"host": "db.example.invalid", "port": trap.port, "database": "app", "user": "u"}
    registry.path.write_text(json.dumps([entry]))
    with pytest.raises(UnsafeTargetError) as caught:
        choose(f"postgresql://u@DB.example.invalid.:{trap.port}/app")
    assert caught.value.code == "database.rule-4-probe"
    for hidden in ("?hostaddr=203.0.113.7", "?host=prod.example.com"):
        with pytest.raises(UnsafeTargetError) as caught:
            choose(f"postgresql://u@db.example.invalid:{trap.port}/app{hidden}")
        assert caught.value.code == "database.rule-2-host"
    assert trap.received() == (0, 0)


def test_the_marker_is_looked_for_even_where_this_machine_noted_it(server, fresh_database, registry, choose):
    database = fresh_database(statements=FULL)
    url = url_of(server, database)
    mark(url, may_be_erased=True, environ={}, registry=registry)
    server.run(f"comment on database {database} is null")
    with pytest.raises(UnsafeTargetError, match="no marker"):
        choose(url)


def test_variables_are_marked_by_a_url_without_parts(server, fresh_database, registry, tmp_path):
    environ = {
        "PGHOST": server.socket_dir,
        "PGPORT": str(server.port),
        "PGUSER": "plain",
        "HOME": str(tmp_path),
    }
    environ["PGDATABASE"] = fresh_database(statements=FULL)
    mark("postgresql://", may_be_erased=True, environ=environ, registry=registry)
    choice = choose_database(option=None, environ=environ, registry=registry)
    assert (choice.target.source, choice.mode) == ("PG*", "named")


@pytest.mark.parametrize("content", ["not json", "{}", '[{"host": "x"}]', "[1]"])
def test_a_broken_list_is_named_and_not_overwritten(registry, choose, content):
    registry.path.parent.mkdir(parents=True)
    registry.path.write_text(content)
    with pytest.raises(SettingsError, match=r"marked\.json"):
        choose("postgresql://u@prod.example.com/app")
    assert registry.path.read_text() == content


def test_the_list_lies_in_the_users_configuration(tmp_path):
    home = {"HOME": str(tmp_path)}
    assert Registry.of_user(home).path == tmp_path / ".config/seatrial/marked.json"
    assert Registry.of_user(home | {"XDG_CONFIG_HOME": "/x"}).path.as_posix() == "/x/seatrial/marked.json"
    assert Registry.of_user(home | {"XDG_CONFIG_HOME": "x"}).path == tmp_path / ".config/seatrial/marked.json"


def test_several_processes_mark_at_once(registry):
    """Each adds its own line; none is lost."""
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from seatrial.postgres.choice import Registry, Target
        registry = Registry(Path(sys.argv[1]))
        for number in range(20):
            registry.add(Target(source="PG*", host="h", port=number + 1, database=sys.argv[2], user="u"))
    """)
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(registry.path), name]) for name in ("one", "two")
    ]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(json.loads(registry.path.read_text())) == 40


def test_the_holder_of_a_port_is_told_by_its_program(tunnel):
    from seatrial.postgres.choice import holder

    (listener,) = holder.port_holders(["127.0.0.1", "::1"], tunnel)
    assert listener.address == "127.0.0.1"
    assert listener.program.startswith("python")
    assert not holder.is_known(listener.program)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert holder.port_holders(["127.0.0.1", "::1"], port) == []


def test_a_refused_database_names_the_flag_that_gives_it_up(server, tmp_path):
    with pytest.raises(UnsafeTargetError) as caught:
        choose_database(
            option=None,
            environ={"TESTING_DATABASE_URL": url_of(server, "full"), "HOME": str(tmp_path)},
        )
    command = 'seatrial db mark --this-database-may-be-erased "$TESTING_DATABASE_URL"'
    assert command in str(caught.value)
