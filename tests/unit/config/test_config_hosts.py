from __future__ import annotations

import socket

import pytest

from seatrial.config import RemoteHost, scan_remote_hosts
from seatrial.config.hosts import is_local


def hosts(name: str, value: str, **options: list[str]) -> list[str]:
    return [found.host for found in scan_remote_hosts({name: value}, **options)]


URLS = [
    ("postgres://db.prod/x", ["db.prod"]),
    ("postgresql://app:pw@db.prod:5432/x", ["db.prod"]),
    ("postgresql+asyncpg://app:pw@db.prod/x", ["db.prod"]),
    ("POSTGRESQL://DB.Prod/x", ["DB.Prod"]),
    ("postgis://db.prod/x", ["db.prod"]),
    ("cockroachdb+psycopg2://db.prod/x", ["db.prod"]),
    ("mysql+pymysql://u:p@db.prod/x", ["db.prod"]),
    ("mariadb://db.prod/x", ["db.prod"]),
    ("mssql+pyodbc://u:p@db.prod:1433/x?driver=y", ["db.prod"]),
    ("oracle+oracledb://u:p@db.prod:1521/?service_name=x", ["db.prod"]),
    ("redis://:pw@cache.prod:6379/0", ["cache.prod"]),
    ("rediss://cache.prod", ["cache.prod"]),
    ("redis+sentinel://cache.prod", ["cache.prod"]),
    ("sentinel://a.prod:26379;sentinel://b.prod:26379", ["a.prod", "b.prod"]),
    ("valkey://cache.prod", ["cache.prod"]),
    ("amqp://guest:guest@mq.prod//", ["mq.prod"]),
    ("amqps://mq.prod/vhost", ["mq.prod"]),
    ("mongodb://u:p@m1.prod:27017,m2.prod,localhost:27017/x?replicaSet=r", ["m1.prod", "m2.prod"]),
    ("mongodb+srv://u:p@cluster.prod/x", ["cluster.prod"]),
    ("kafka://k.prod:9092", ["k.prod"]),
    ("nats://a.prod:4222,nats://b.prod:4222", ["a.prod", "b.prod"]),
    ("clickhouse+native://c.prod/x", ["c.prod"]),
    ("memcached://m.prod:11211", ["m.prod"]),
    ("elasticsearch://e.prod:9200", ["e.prod"]),
    ("opensearch+https://o.prod", ["o.prod"]),
    ("snowflake://u:p@account/x", ["account"]),
    ("jdbc:postgresql://db.prod:5432/x?user=u", ["db.prod"]),
    ("jdbc:sqlserver://db.prod:1433;databaseName=x;password=y", ["db.prod"]),
    ("jdbc:sqlserver://;serverName=db.prod;databaseName=x", ["db.prod"]),
    # More than one host, and hosts among the parameters, as libpq and SQLAlchemy read them.
    ("postgresql://u:p@a.prod:5432,b.prod:5433,localhost/x", ["a.prod", "b.prod"]),
    ("postgresql:///x?host=db.prod", ["db.prod"]),
    ("postgresql://localhost/x?host=db.prod", ["db.prod"]),
    ("postgresql:///x?host=a.prod,b.prod&port=1,2", ["a.prod", "b.prod"]),
    ("postgresql:///x?host=a.prod:5432&host=b.prod:5432", ["a.prod", "b.prod"]),
    ("postgresql:///x?hostaddr=10.0.0.7", ["10.0.0.7"]),
    ("postgresql://u@[2001:db8::7]:5432/x", ["2001:db8::7"]),
    ("postgresql://u@db%2eprod/x", ["db.prod"]),
    # Passwords that nobody encoded: no part of one may be taken for the host.
    ("postgresql://app:p/w@db.prod/x", ["db.prod"]),
    ("postgresql://app:p@w@db.prod/x", ["db.prod"]),
    ("postgresql://app:p/w@w@db.prod/x", ["db.prod"]),
    ("postgresql://app:p?w#@db.prod/x", ["db.prod"]),
    ("postgresql://app:it's@db.prod/x", ["db.prod"]),
    # Around the URL.
    ("  'postgres://db.prod/x'  ", ["db.prod"]),
    ('{"default": {"url": "postgres://u:p@db.prod/x"}, "c": "redis://c.prod"}', ["db.prod", "c.prod"]),
    ("host=db.prod dbname=x user=u password='a b'", ["db.prod"]),
    ("dbname=x host='db.prod' hostaddr=10.0.0.7", ["db.prod", "10.0.0.7"]),
    ("Driver={x};Server=tcp:db.prod,1433;Database=x;Uid=u;Pwd=p", ["db.prod"]),
    ("Data Source=db.prod;Initial Catalog=x", ["db.prod"]),
]


@pytest.mark.parametrize(("value", "found"), URLS, ids=[value for value, _ in URLS])
def test_a_remote_store_is_found_whatever_the_variable_is_called(value: str, found: list[str]) -> None:
    assert hosts("ANYTHING", value) == found


@pytest.mark.parametrize(
    "value",
    [
        "",
        "postgres://localhost:5432/x",
        "postgres://LOCALHOST./x",
        "postgres://app.localhost/x",
        "postgres://127.0.0.1/x",
        "postgres://127.200.3.4/x",
        "postgres://[::1]:5432/x",
        "postgres://[::ffff:127.0.0.1]/x",
        "postgres://0.0.0.0/x",
        "postgresql:///x",
        "postgresql:///x?host=/var/run/postgresql",
        "postgresql://u@%2Fvar%2Frun%2Fpostgresql/x",
        "postgresql://u:p@127.0.0.1/x?application_name=a@b",
        "postgresql+psycopg://u:p@/x?host=/tmp/a&port=5",
        "redis+unix:///run/redis.sock",
        "mongodb://localhost:27017,127.0.0.1:27018/x",
        "sqlite:////var/db.prod/x.db",
        "host=/tmp dbname=x",
        "https://api.example.com/v1",
        "https://api.example.com/redis://",
        "s3://bucket/key",
        "smtp://mail.prod",
        "host=db.prod",
        "some text with db.prod in it",
    ],
)
def test_what_is_local_or_no_store_passes(value: str) -> None:
    assert hosts("ANYTHING", value) == []


NAMES = [
    ("PGHOST", "db.prod", ["db.prod"]),
    ("PGHOSTADDR", "10.0.0.7", ["10.0.0.7"]),
    ("PGHOST", "/var/run/postgresql", []),
    ("PGHOST", "localhost", []),
    ("PGHOST", "a.prod,localhost,b.prod", ["a.prod", "b.prod"]),
    ("MYSQLHOST", "db.prod", ["db.prod"]),
    ("REDIS_HOST", "cache.prod", ["cache.prod"]),
    ("POSTGRES_HOST", "db.prod:5432", ["db.prod"]),
    ("DB_HOST", "db.prod", ["db.prod"]),
    ("db_host", "db.prod", ["db.prod"]),
    ("DB2_HOST", "db.prod", ["db.prod"]),
    ("DB_HOST_2", "db.prod", ["db.prod"]),
    ("DB_HOST_REPLICA", "db.prod", ["db.prod"]),
    ("DATABASE_HOST", "db.prod", ["db.prod"]),
    ("APP__DATABASE__HOST", "db.prod", ["db.prod"]),
    ("MY_APP_POSTGRES_SERVER", "db.prod", ["db.prod"]),
    ("SQL_SERVER", "tcp:db.prod,1433", ["db.prod"]),
    ("KAFKA_BOOTSTRAP_SERVERS", "a.prod:9092,b.prod:9092", ["a.prod", "b.prod"]),
    ("REDIS_NODES", '["a.prod:6379", "b.prod:6379"]', ["a.prod", "b.prod"]),
    ("REDIS_ENDPOINT", "https://cache.prod", ["cache.prod"]),
    ("MONGO_HOSTS", "[2001:db8::7]:27017,[::1]:27017", ["2001:db8::7"]),
    ("DB_HOST", "2001:db8::7", ["2001:db8::7"]),
    ("DB_HOST", "app:hunter2@db.prod:5432/x", ["db.prod"]),
    ("DATABASE", '{"host": "db.prod", "port": 5432}', ["db.prod"]),
    ("DATABASES", '{"default": {"HOST": "db.prod"}, "x": [{"hostname": "b.prod"}]}', ["db.prod", "b.prod"]),
    ("ELASTICSEARCH_URL", "https://u:p@es.prod:9200", ["es.prod"]),
    ("CLICKHOUSE_URL", "http://c.prod:8123", ["c.prod"]),
    ("OPENSEARCH_HOSTS", "https://a.prod:9200,https://b.prod:9200", ["a.prod", "b.prod"]),
    # Names that only look alike.
    ("REDIS_ADDR", ":6379", []),
    ("DATABASE_DOCS_URL", "https://docs.example.com", []),
    ("DB_SERVER_VERSION", "15.2", []),
    ("DB_HOST_PORT", "5432", []),
    ("DB_HOST_VERIFY", "true", []),
    ("HOST", "0.0.0.0", []),
    ("HOSTNAME", "builder-7", []),
    ("SMTP_HOST", "mail.prod", []),
    ("GHOST", "casper", []),
    ("DATABASE", '{"host": ', []),
    ("_", "x", []),
]


@pytest.mark.parametrize(("name", "value", "found"), NAMES, ids=[f"{n}={v}" for n, v, _ in NAMES])
def test_bare_hosts_are_found_by_the_name_of_the_variable(name: str, value: str, found: list[str]) -> None:
    assert hosts(name, value) == found


def test_allowed_hosts_may_stay_and_only_those() -> None:
    value = "postgres://u:p@A.prod,b.prod/x?hostaddr=2001:db8::7"
    assert hosts("X", value, allow=["a.PROD.", "2001:db8::7"]) == ["b.prod"]
    assert hosts("X", "postgres://a.prod.evil/x", allow=["a.prod"]) == ["a.prod.evil"]


def test_our_own_variables_are_not_looked_at() -> None:
    assert hosts("X", "postgres://a.prod/x", ours=["X"]) == []
    assert hosts("XY", "postgres://a.prod/x", ours=["X"]) == ["a.prod"]


def test_the_result_is_ordered_and_never_holds_the_value() -> None:
    found = scan_remote_hosts(
        {"Z_URL": "redis://:hunter2@z.prod", "A_URL": "postgres://u:hunter2@a.prod/x?password=hunter2"}
    )
    assert found == [
        RemoteHost(variable="A_URL", host="a.prod", origin="the environment"),
        RemoteHost(variable="Z_URL", host="z.prod", origin="the environment"),
    ]
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1.evil.com", "localhost.evil.com", "notlocalhost", "127.evil", "::2", "10.0.0.1", "2130706433"],
)
def test_a_host_that_only_looks_local_is_remote(host: str) -> None:
    assert not is_local(host)


def test_no_name_is_ever_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    for function in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "getfqdn"):
        monkeypatch.setattr(socket, function, lambda *args: asked.append(args))
    assert hosts("X", "postgres://db.invalid/x") == ["db.invalid"]
    assert asked == []
