"""What libpq fills in: from variables, services, the password file and its defaults."""

from __future__ import annotations

import pickle

import pytest
from psycopg.conninfo import conninfo_to_dict

from seatrial.postgres.choice.parse import complete, read_target
from seatrial.postgres.choice.refusal import Refusal
from seatrial.postgres.choice.rules import host_problem
from seatrial.postgres.choice.uri import Given


def target_of(url, **environ):
    return read_target(url, environ, source="TESTING_DATABASE_URL").target


def test_a_password_in_the_shell_stays_with_the_server_in_the_shell():
    shell = {"PGHOST": "localhost", "PGPASSWORD": "secret", "PGUSER": "u", "HOME": "/nowhere"}
    assert target_of("postgresql://127.0.0.1/db", **shell).password is None
    assert target_of("postgresql:///db", **shell).password == "secret"
    assert complete(Given({}), shell, source="PG*").target.password == "secret"


def test_port_user_and_database_come_from_variables_where_a_url_leaves_them_out():
    target = target_of("postgresql://localhost", PGPORT="7", PGUSER="u", PGDATABASE="d")
    assert (target.port, target.user, target.database) == (7, "u", "d")


def test_the_database_is_named_after_the_user_by_default():
    assert target_of("postgresql://ada@localhost").database == "ada"


def test_a_url_wins_over_a_service_and_a_service_over_variables(tmp_path):
    services = tmp_path / "services"
    services.write_text("# ours\n[other]\nhost=x\n[s]\nhost=localhost\nport=6\nuser=s\n[last]\nport=1\n")
    target = target_of("postgresql://u@/db?service=s", PGSERVICEFILE=str(services), PGPORT="7", PGUSER="v")
    assert (target.host, target.port, target.user, target.database) == ("localhost", 6, "u", "db")


@pytest.mark.parametrize(
    ("line", "mode", "found"),
    [
        ("h:5432:d:u:p", 0o600, "p"),
        ("*:*:*:*:p", 0o600, "p"),
        (r"h:5432:d:u:p\:q\\", 0o600, "p:q\\"),
        ("h:5432:d:u:p:ignored", 0o600, "p"),
        ("x:5432:d:u:wrong\nh:*:d:u:p", 0o600, "p"),
        ("# h:5432:d:u:p", 0o600, None),
        ("h:5433:d:u:p", 0o600, None),
        ("h:5432:d", 0o600, None),
        ("*:*:*:*:p", 0o644, None),
    ],
)
def test_the_password_file_is_read_as_libpq_reads_it(tmp_path, line, mode, found):
    path = tmp_path / ".pgpass"
    path.write_text(line + "\n")
    path.chmod(mode)
    assert target_of("postgresql://u@h/d", HOME=str(tmp_path)).password == found
    assert target_of("postgresql://u@h/d", HOME="/nowhere", PGPASSFILE=str(path)).password == found


def test_the_safe_url_leads_to_the_same_place():
    for url in (
        "postgresql://a%40b:p@localhost:7/d%2Fb",
        "postgresql://u@/db?host=/tmp&port=7",
        "postgres://u@[::1]/d",
    ):
        target = target_of(url)
        parts = conninfo_to_dict(target.safe_url)
        wanted = (target.host, str(target.port), target.database, target.user)
        assert (parts["host"], parts["port"], parts["dbname"], parts["user"]) == wanted


def test_no_text_of_a_target_shows_a_secret_and_workers_can_be_sent_one():
    target = target_of("postgresql://u:s3cret@localhost/db?sslpassword=s3cret2&options=-cx=s3cret3")
    assert "s3cret" not in repr(target) + str(target) + target.safe_url + target.safe_description
    assert pickle.loads(pickle.dumps(target)) == target
    assert target.conninfo()["password"] == "s3cret"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "5432x", "٥٤٣٢"])
def test_a_port_must_be_one(port):
    with pytest.raises(Refusal):
        complete(Given({"host": "localhost", "port": port}), {}, source="PG*")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.8.9.1", "::1", "0:0:0:0:0:0:0:1", "/tmp", "@x"]
)
def test_this_machine(host):
    assert host_problem(host, explicit=False) is None


@pytest.mark.parametrize("host", ["db", "postgres", "my-app_db", "host.docker.internal", "DB"])
def test_a_container_is_for_explicit_targets_only(host):
    assert host_problem(host, explicit=True) is None
    assert host_problem(host, explicit=False) is not None


@pytest.mark.parametrize(
    "host",
    [
        *(
            "prod.example.com",
            "localhost.localdomain",
            "127.0.0.1.nip.io",
            "128.0.0.1",
            "::2",
            "::ffff:127.0.0.1",
        ),
        *(
            "0",
            "1",
            "0x7f000001",
            "127.1",
            "0x7f.1",
            "017700000001",
            "0.0.0.0",
            "::",
            "::1%lo",
            "[::1]",
            "localhost:5",
        ),
        *(
            "",
            " localhost",
            "localhost ",
            "local host",
            "loc\u0430lhost",
            "localhost\u3002",
            "127.0.0.1\n",
            "a" * 64,
        ),
        *("-db", "db-", "169.254.169.254", "/cloudsql/a:b:c", "/run/a:b:c"),
    ],
)
def test_elsewhere(host):
    problem = host_problem(host, explicit=True)
    assert problem is not None
    assert problem.isascii()
    assert problem.isprintable()
