"""A table of targets, the verdict on each, and what the refused ones received: nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field

import psycopg
import pytest

from seatrial.errors import UnsafeTargetError
from seatrial.postgres.choice import Choice, Registry, choose_database

SECRET = "s3cret-Hx"
OWN, NAMED = "own-databases", "named"


@dataclass(frozen=True)
class Case:
    """Where a target comes from, and what must become of it: a mode, or the rule that refuses."""

    name: str
    verdict: str | int
    option: str | None = None
    env: dict[str, str] = field(default_factory=dict)


def option(name: str, verdict: str | int, url: str, **env: str) -> Case:
    return Case(f"option-{name}", verdict, option=url, env=env)


def from_testing(name: str, verdict: str | int, url: str, **env: str) -> Case:
    return Case(f"testing-{name}", verdict, env={"TESTING_DATABASE_URL": url} | env)


def inherited(name: str, verdict: str | int, url: str, **env: str) -> Case:
    return Case(f"inherited-{name}", verdict, env={"DATABASE_URL": url} | env)


def variables(name: str, verdict: str | int, **env: str) -> Case:
    return Case(f"variables-{name}", verdict, env=env)


# {port} and {dir}: the real server. {trap} and {trapdir}: the listener that counts. {free}: nobody listens.
SAFE = [
    option("superuser", OWN, "postgresql://root:{pw}@localhost:{port}/full"),
    option("createdb", OWN, "postgresql://maker:{pw}@127.0.0.1:{port}/full"),
    option("createdb-missing-database", OWN, "postgresql://maker:{pw}@127.0.0.1:{port}/not_there_yet"),
    option("owner-empty", NAMED, "postgresql://plain:{pw}@127.0.0.1:{port}/empty"),
    option("owner-marked", NAMED, "postgresql://plain:{pw}@127.0.0.1:{port}/{marked}"),
    option("postgres-scheme", OWN, "postgres://maker:{pw}@localhost:{port}/full"),
    option("driver", OWN, "postgresql+asyncpg://maker:{pw}@localhost:{port}/full"),
    option("uppercase-localhost", OWN, "postgresql://maker:{pw}@LOCALHOST:{port}/full"),
    option("root-dot", OWN, "postgresql://maker:{pw}@localhost.:{port}/full"),
    option("conninfo", OWN, "host=localhost port={port} user=maker password='{pw}' dbname=full"),
    option("percent-encoded-host", OWN, "postgresql://maker:{pw}@%6cocalhost:{port}/full"),
    option("odd-user", OWN, "postgresql://o%27dd%3Ana%40me:{pw}@localhost:{port}/full"),
    option("driver-parameters", OWN, "postgresql://maker:{pw}@localhost:{port}/full?pool=3&schema=public"),
    option("hostaddr-agrees", OWN, "postgresql://maker:{pw}@localhost:{port}/full?hostaddr=127.0.0.1"),
    from_testing("socket", OWN, "postgresql://maker@/full?host={dir}&port={port}"),
    from_testing("socket-encoded", OWN, "postgresql://maker@{dirq}:{port}/full"),
    from_testing("socket-conninfo", NAMED, "host={dir} port={port} user=plain dbname=empty"),
    from_testing(
        "wins-over-inherited", NAMED, "postgresql://plain:{pw}@localhost:{port}/empty", DATABASE_URL="x"
    ),
    from_testing("newline-at-the-end", OWN, "postgresql://maker:{pw}@localhost:{port}/full\n"),
    from_testing(
        "parts-from-variables", OWN, "postgresql:///full", PGHOST="{dir}", PGPORT="{port}", PGUSER="maker"
    ),
    from_testing("service", OWN, "postgresql://?service=local", PGSERVICEFILE="{services}"),
    inherited("createdb", OWN, "postgresql://maker:{pw}@localhost:{port}/full"),
    inherited("owner-empty", NAMED, "postgresql://plain:{pw}@127.0.0.1:{port}/empty"),
    inherited("owner-marked", NAMED, "postgresql://plain:{pw}@127.0.0.1:{port}/{marked}"),
    variables("host", OWN, PGHOST="localhost", PGPORT="{port}", PGUSER="maker", PGPASSWORD="{pw}"),
    variables("socket", OWN, PGHOST="{dir}", PGPORT="{port}", PGUSER="maker", PGDATABASE="full"),
    variables("hostaddr", OWN, PGHOSTADDR="127.0.0.1", PGPORT="{port}", PGUSER="maker", PGPASSWORD="{pw}"),
    variables("service", OWN, PGSERVICE="local", PGSERVICEFILE="{services}"),
    variables("passfile", OWN, PGHOST="127.0.0.1", PGPORT="{port}", PGUSER="maker", PGPASSFILE="{passfile}"),
]

# Refused by rules 1 to 3. As many as can lead to the trap: it must stay untouched.
REFUSED = [
    option("sqlite", 1, "sqlite:///test.db"),
    option("mysql", 1, "mysql://root:{pw}@127.0.0.1:{trap}/test"),
    option("jdbc", 1, "jdbc:postgresql://127.0.0.1:{trap}/test"),
    option("garbage", 1, "{pw}@127.0.0.1:{trap}"),
    option("two-ats", 1, "postgresql://u:{pw}@localhost@127.0.0.1:{trap}/test"),
    option("at-after-question-mark", 1, "postgresql://localhost?@127.0.0.1:{trap}/test"),
    option("hash", 1, "postgresql://localhost#@127.0.0.1:{trap}/test"),
    option("backslash", 1, "postgresql://127.0.0.1:{trap}\\@localhost/test"),
    option("slash-in-password", 1, "postgresql://u:1/{pw}@127.0.0.1:{trap}/test"),
    option("no-port", 1, "postgresql://localhost:{trap}x/test"),
    option("two-hosts-by-parameter", 1, "postgresql:///test?host=localhost&host=127.0.0.1&port={trap}"),
    option("database-is-an-address", 1, "postgresql://localhost:{trap}/host%3Dprod.example.com"),
    option("unknown-keyword", 1, "host=localhost port={trap} hostname=prod.example.com"),
    option("remote", 2, "postgresql://app:{pw}@prod.example.com:{trap}/app_test"),
    option("remote-named-test", 2, "postgresql://test:{pw}@test-db.example.com:{trap}/test"),
    option("hostaddr-hides-remote", 2, "postgresql://u:{pw}@prod.example.com:{trap}/test?hostaddr=127.0.0.1"),
    option("host-parameter-hides-remote", 2, "postgresql://prod.example.com/test?host=127.0.0.1&port={trap}"),
    option("host-parameter", 2, "postgresql://localhost:{trap}/test?host=prod.example.com"),
    option("host-parameter-uppercase", 2, "postgresql://localhost:{trap}/test?HOST=prod.example.com"),
    option("hostaddr-remote", 2, "postgresql://localhost:{trap}/test?hostaddr=203.0.113.7"),
    option("userinfo-looks-local", 2, "postgresql://localhost:{trap}@prod.example.com/test"),
    option("second-host-remote", 2, "postgresql://127.0.0.1:{trap},prod.example.com:{trap}/test"),
    option("encoded-comma", 2, "postgresql://127.0.0.1%2Cprod.example.com:{trap}/test"),
    option("two-local-servers", 2, "postgresql://127.0.0.1:{trap},localhost:{trap}/test"),
    option("unspecified", 2, "postgresql://0.0.0.0:{trap}/test"),
    option("unspecified-6", 2, "postgresql://[::]:{trap}/test"),
    option("decimal", 2, "postgresql://2130706433:{trap}/test"),
    option("hexadecimal", 2, "postgresql://0x7f000001:{trap}/test"),
    option("hexadecimal-parts", 2, "postgresql://0x7f.0.0.0x1:{trap}/test"),
    option("octal", 2, "postgresql://0177.0.0.1:{trap}/test"),
    option("short", 2, "postgresql://127.1:{trap}/test"),
    option("address-with-dot", 2, "postgresql://127.0.0.1.:{trap}/test"),
    option("mapped", 2, "postgresql://[::ffff:127.0.0.1]:{trap}/test"),
    option("scope", 2, "postgresql://[fe80::1%25lo]:{trap}/test"),
    option("private-address", 2, "postgresql://10.0.0.5:{trap}/test"),
    option("localhost-domain", 2, "postgresql://localhost.example.com:{trap}/test"),
    option("two-root-dots", 2, "postgresql://localhost..:{trap}/test"),
    option("unicode", 2, "postgresql://loc\u0430lhost:{trap}/test"),
    option("unicode-stop", 2, "postgresql://localhost%E3%80%82example.com:{trap}/test"),
    option("cloud-socket", 2, "postgresql://u:{pw}@/test?host=/cloudsql/project:region:instance"),
    option("conninfo-hostaddr", 2, "host=prod.example.com hostaddr=127.0.0.1 port={trap} dbname=test"),
    option("conninfo-override", 2, "host=prod.example.com host=127.0.0.1 port={trap} dbname=test"),
    option("service-far", 2, "postgresql://?service=far", PGSERVICEFILE="{services}"),
    option(
        "service-hostaddr", 2, "postgresql://localhost:{trap}/?service=hidden", PGSERVICEFILE="{services}"
    ),
    option("service-unknown", 2, "postgresql://?service=nowhere", PGSERVICEFILE="{services}"),
    option("variable-host", 2, "postgresql:///test?port={trap}", PGHOST="prod.example.com"),
    option("variable-hostaddr", 2, "postgresql://localhost:{trap}/test", PGHOSTADDR="203.0.113.7"),
    option("variable-service", 2, "postgresql:///test", PGSERVICE="far", PGSERVICEFILE="{services}"),
    option("foreign-holder", 3, "postgresql://u:{pw}@127.0.0.1:{trap}/test"),
    option("foreign-holder-localhost", 3, "postgresql://u:{pw}@localhost:{trap}/test"),
    option("foreign-holder-socket", 3, "postgresql://u@/test?host={trapdir}&port={trap}"),
    option("foreign-holder-abstract", 3, "host=@{trapdir} port={trap} user=u dbname=test"),
    option("foreign-holder-other-loopback", 3, "postgresql://u@localhost:{trap}/test?hostaddr=127.0.0.1"),
    option("nobody-listens", 3, "postgresql://u:{pw}@localhost:{free}/test"),
    option("no-such-socket", 3, "postgresql://u@/test?host=/nowhere&port={trap}"),
    from_testing("sqlite", 1, "sqlite+aiosqlite:///:memory:"),
    from_testing("remote", 2, "postgresql+asyncpg://app:{pw}@db.prod.example.com:{trap}/app_test"),
    from_testing("hostaddr-hides-remote", 2, "host=prod.example.com hostaddr=127.0.0.1 port={trap}"),
    from_testing("foreign-holder", 3, "postgresql://test:{pw}@127.0.0.1:{trap}/test"),
    inherited("sqlite", 1, "sqlite:///./app.db"),
    inherited("conninfo", 1, "host=127.0.0.1 port={trap} dbname=test"),
    inherited("remote", 2, "postgresql://app:{pw}@prod.example.com:{trap}/app_test"),
    inherited("container-name", 2, "postgresql://app:{pw}@db:{trap}/app"),
    inherited("this-host-by-name", 2, "postgresql://app:{pw}@{hostname}:{trap}/app"),
    inherited("docker-host", 2, "postgresql://app:{pw}@host.docker.internal:{trap}/app"),
    inherited("hostaddr-hides-remote", 2, "postgresql://prod.example.com:{trap}/test?hostaddr=127.0.0.1"),
    inherited("foreign-holder", 3, "postgresql://app:{pw}@127.0.0.1:{trap}/app_test"),
    inherited("nobody-listens", 3, "postgresql://app:{pw}@127.0.0.1:{free}/app_test"),
    variables("remote", 2, PGHOST="prod.example.com", PGPORT="{trap}", PGPASSWORD="{pw}", PGUSER="app"),
    variables("hostaddr-hides-remote", 2, PGHOST="prod.example.com", PGHOSTADDR="127.0.0.1", PGPORT="{trap}"),
    variables("remote-hostaddr", 2, PGHOST="localhost", PGHOSTADDR="203.0.113.7", PGPORT="{trap}"),
    variables("service-far", 2, PGSERVICE="far", PGSERVICEFILE="{services}"),
    variables("list", 2, PGHOST="127.0.0.1,prod.example.com", PGPORT="{trap}"),
    variables("foreign-holder", 3, PGHOST="127.0.0.1", PGPORT="{trap}", PGUSER="app", PGDATABASE="app"),
    variables("foreign-holder-socket", 3, PGHOST="{trapdir}", PGPORT="{trap}", PGUSER="app"),
    variables("bad-port", 1, PGHOST="127.0.0.1", PGPORT="{trap}1111"),
]

# Refused by what the probe saw.
UNSAFE = [
    option("owner-full", 4, "postgresql://plain:{pw}@127.0.0.1:{port}/full"),
    option("owner-full-named-test", 4, "postgresql://plain:{pw}@127.0.0.1:{port}/prod_test"),
    option("reader-full", 4, "postgresql://reader:{pw}@127.0.0.1:{port}/full"),
    option("reader-empty", 4, "postgresql://reader:{pw}@127.0.0.1:{port}/empty"),
    option("owner-missing-database", 4, "postgresql://plain:{pw}@127.0.0.1:{port}/not_there_yet"),
    option("wrong-password", 4, "postgresql://maker:{pw}x@127.0.0.1:{port}/full"),
    option("password-of-another-server", 4, "postgresql://maker@127.0.0.1:{port}/full", PGPASSWORD="{pw}"),
    from_testing("owner-full", 4, "postgresql://plain:{pw}@127.0.0.1:{port}/full"),
    from_testing("forged-marker", 4, "postgresql://plain:{pw}@127.0.0.1:{port}/{forged}"),
    inherited("owner-full", 4, "postgresql://plain:{pw}@127.0.0.1:{port}/full"),
    inherited("wrong-password", 4, "postgresql://maker:{pw}x@127.0.0.1:{port}/full"),
    variables("owner-full", 4, PGHOST="{dir}", PGPORT="{port}", PGUSER="plain", PGDATABASE="full"),
]


@pytest.fixture(scope="session")
def places(server, tmp_path_factory):
    """What the table's placeholders stand for, the trap excepted."""
    folder = tmp_path_factory.mktemp("places")
    services = folder / "services.conf"
    services.write_text(
        f"[local]\nhost={server.socket_dir}\nport={server.port}\nuser=maker\ndbname=full\n"
        "[far]\nhost=prod.example.com\ndbname=test\n"
        "[hidden]\nhostaddr=203.0.113.7\n"
    )
    passfile = folder / "pgpass"
    passfile.write_text(f"other:*:*:maker:wrong\n127.0.0.1:{server.port}:*:maker:{SECRET}\n")
    passfile.chmod(0o600)
    for database in ("marked_before", "once_marked"):
        server.create(database, statements="create table kept (id int)")
    with psycopg.connect(host=server.socket_dir, port=server.port, user="root", dbname="marked_before") as c:
        oid = c.execute("select oid from pg_database where datname = 'marked_before'").fetchone()[0]
        marker = f'[seatrial may erase "marked_before", oid {oid}]'
        c.execute(f"comment on database marked_before is 'Ours. {marker}'")
        c.execute(f"comment on database once_marked is '{marker}'")
    return {
        "pw": SECRET,
        "port": server.port,
        "dir": server.socket_dir,
        "dirq": server.socket_dir.replace("/", "%2F"),
        "services": services,
        "passfile": passfile,
        "marked": "marked_before",
        "forged": "once_marked",
        "hostname": socket.gethostname(),
    }


@pytest.fixture
def choose(places, trap, free_port, tmp_path):
    """Decide on one case, and give back the choice or the error."""
    values = places | {"trap": trap.port, "trapdir": trap.socket_dir, "free": free_port}

    def decide(case: Case) -> Choice | UnsafeTargetError:
        environ = {name: value.format(**values) for name, value in case.env.items()} | {"HOME": str(tmp_path)}
        given = case.option.format(**values) if case.option is not None else None
        try:
            return choose_database(option=given, environ=environ, registry=Registry(tmp_path / "marked.json"))
        except UnsafeTargetError as error:
            return error

    return decide


def named(cases: list[Case]):
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


def refused_by(result: Choice | UnsafeTargetError, case: Case) -> int:
    """The rule that refused; an explicit target must have aborted the run, an inherited one must not."""
    explicit = case.option is not None or "TESTING_DATABASE_URL" in case.env
    if explicit:
        assert isinstance(result, UnsafeTargetError), result
        return int(result.code.removeprefix("database.rule-")[0])
    assert isinstance(result, Choice), result
    assert result.kind == "embedded"
    assert len(result.header_lines()) == 2
    return result.passed_over[0].rule


def test_the_table_is_long_enough_and_covers_every_source():
    cases = SAFE + REFUSED + UNSAFE
    assert len(cases) >= 70
    assert len({case.name for case in cases}) == len(cases)
    for group in (SAFE, REFUSED, UNSAFE):
        assert {case.name.split("-")[0] for case in group} == {"option", "testing", "inherited", "variables"}


@named(SAFE)
def test_a_safe_target_is_used(case, choose):
    choice = choose(case)
    assert isinstance(choice, Choice), choice
    assert (choice.kind, choice.mode, choice.passed_over) == ("external", case.verdict, ())
    with psycopg.connect(**choice.target.conninfo() | {"dbname": choice.facts.connected_to}) as connection:
        assert connection.info.user == choice.target.user
    assert SECRET not in repr(choice) + "".join(choice.header_lines()) + choice.target.safe_url


@named(REFUSED)
def test_a_target_refused_before_connecting_receives_nothing(case, choose, trap):
    result = choose(case)
    assert trap.received() == (0, 0)
    assert refused_by(result, case) == case.verdict
    shown = str(result) if isinstance(result, UnsafeTargetError) else "".join(result.header_lines())
    assert SECRET not in shown + repr(result)


@named(UNSAFE)
def test_a_target_refused_by_the_probe_is_not_used(case, choose):
    result = choose(case)
    assert refused_by(result, case) == 4
    shown = str(result) if isinstance(result, UnsafeTargetError) else "".join(result.header_lines())
    assert SECRET not in shown + repr(result)


def test_the_trap_counts_what_reaches_it(trap):
    """Without this, zero would prove nothing: libpq itself does go where refused addresses lead."""
    dsn = (
        f"host=prod.example.com hostaddr=127.0.0.1 port={trap.port} user=u sslmode=disable connect_timeout=2"
    )
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)
    connections, size = trap.received()
    assert connections == 1
    assert size > 0


STATIC = """
import json, sys
events = []
sys.addaudithook(lambda name, args: name.startswith("socket.") and events.append(name))
from seatrial.errors import UnsafeTargetError
from seatrial.postgres.choice import choose_database
for option, environ in json.load(sys.stdin):
    try:
        choose_database(option=option, environ=environ)
    except UnsafeTargetError:
        pass
print(json.dumps([events, sorted(name for name in sys.modules if name.startswith("psycopg"))]))
"""


def test_refused_targets_cause_no_lookup_of_a_name_and_load_no_driver(places, trap, free_port, tmp_path):
    """A process that opened no socket and never loaded libpq has sent nothing to anybody."""
    values = places | {"trap": trap.port, "trapdir": trap.socket_dir, "free": free_port}
    cases = [
        (
            case.option.format(**values) if case.option else None,
            {name: value.format(**values) for name, value in case.env.items()} | {"HOME": str(tmp_path)},
        )
        for case in REFUSED
    ]
    done = subprocess.run(
        [sys.executable, "-c", STATIC], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [[], []]
    assert trap.received() == (0, 0)


def test_variables_of_the_process_do_not_lead_the_probe_elsewhere(places, trap, monkeypatch, tmp_path):
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    monkeypatch.setenv("PGPORT", str(trap.port))
    monkeypatch.setenv("PGSERVICE", "far")
    monkeypatch.setenv("PGSERVICEFILE", str(places["services"]))
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_read_only=nonsense")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    url = "postgresql://maker:{pw}@localhost:{port}/full".format(**places)
    choice = choose_database(option=url, environ={"HOME": str(tmp_path)})
    assert choice.mode == OWN
    assert trap.received() == (0, 0)
    assert os.environ["PGSERVICE"] == "far"


def test_an_unsafe_inherited_target_makes_way_for_the_next_source(places, trap, tmp_path):
    environ = {
        "DATABASE_URL": f"postgresql://app:{SECRET}@prod.example.com:{trap.port}/app?hostaddr=127.0.0.1",
        "PGHOST": places["dir"],
        "PGPORT": str(places["port"]),
        "PGUSER": "maker",
        "HOME": str(tmp_path),
    }
    choice = choose_database(option=None, environ=environ)
    assert choice.target.source == "PG*"
    assert [(passed.source, passed.rule) for passed in choice.passed_over] == [("DATABASE_URL", 2)]
    assert trap.received() == (0, 0)


def test_the_word_embedded_asks_nobody(trap):
    environ = {"TESTING_DATABASE_URL": f"postgresql://127.0.0.1:{trap.port}/test"}
    choice = choose_database(option="embedded", environ=environ)
    assert (choice.kind, choice.target, choice.passed_over) == ("embedded", None, ())
    assert trap.received() == (0, 0)


def test_nothing_named_means_embedded(tmp_path):
    environ = {"HOME": str(tmp_path), "TESTING_DATABASE_URL": "", "DATABASE_URL": " ", "PGPASSWORD": "x"}
    assert choose_database(option=None, environ=environ).header_lines() == ["database: embedded"]


def test_a_container_name_passes_the_static_rules_when_explicit(free_port, tmp_path):
    """Nobody resolves the name here, so it is the probe that ends it."""
    url = f"postgresql://u@no-such-container-here:{free_port}/test"
    with pytest.raises(UnsafeTargetError) as caught:
        choose_database(option=None, environ={"TESTING_DATABASE_URL": url, "HOME": str(tmp_path)})
    assert caught.value.code == "database.rule-4-probe"


def test_the_message_names_source_rule_finding_and_command(trap, tmp_path):
    url = f"postgresql://app:{SECRET}@prod.example.com:{trap.port}/app_test"
    home = {"HOME": str(tmp_path)}
    with pytest.raises(UnsafeTargetError) as caught:
        choose_database(option=None, environ={"TESTING_DATABASE_URL": url} | home)
    message = str(caught.value)
    assert "TESTING_DATABASE_URL was refused by rule 2" in message
    assert "prod.example.com, which is not this machine. Nothing was sent to it." in message
    assert 'seatrial db mark "$TESTING_DATABASE_URL"' in message
    with pytest.raises(UnsafeTargetError) as caught:
        choose_database(option=url, environ=home)
    command = f"seatrial db mark postgresql://app:PASSWORD@prod.example.com:{trap.port}/app_test"
    assert command in str(caught.value)


def test_a_named_database_is_never_replaced_by_the_one_beside_it(places, server, tmp_path):
    """Also where the role owns `postgres`, which the probe looks at when the named one is missing."""
    server.run("alter database postgres owner to plain")
    try:
        url = "postgresql://plain:{pw}@localhost:{port}/not_there_yet".format(**places)
        with pytest.raises(UnsafeTargetError, match='"not_there_yet" does not exist'):
            choose_database(option=url, environ={"HOME": str(tmp_path)})
    finally:
        server.run("alter database postgres owner to root")
