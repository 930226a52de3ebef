"""How data stores show in an environment: URL schemes, and words in the names of variables."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SCHEMES = _names("""
    amqp amqps arangodb bolt cassandra clickhouse clickhouses cockroach cockroachdb couchbase couchbases
    couchdb databricks db2 elasticsearch exasol firebird hana hive ibm_db_sa influxdb kafka mariadb
    memcache memcached mongodb mqtt mqtts mssql mysql mysqlgis nats neo4j neo4js opensearch oracle pgsql
    postgis postgres postgresql presto psql pulsar pymemcache pymssql rediscache redis rediss redshift
    scylla sentinel snowflake sqlserver stomp tarantool timescale timescaledb trino valkey valkeys vertica
""")
"""The part of a URL scheme before any `+driver`."""

STORE_WORDS = _names("""
    amqp cache cassandra celery clickhouse cockroach cockroachdb couchbase couchdb database databases db
    elastic elasticsearch es influx influxdb kafka maria mariadb memcache memcached mongo mongodb mssql
    mysql nats neo4j opensearch oracle pg pgbouncer postgres postgresql psql rabbit rabbitmq redis redshift
    replica sql sqlserver timescale timescaledb valkey
""")

HTTP_STORE_WORDS = _names("clickhouse couchdb elastic elasticsearch es influx influxdb opensearch solr")
"""Stores reached over HTTP: the scheme says nothing there, so the name of the variable decides."""

HOST_WORDS = _names("host hostaddr hostname hostnames hosts")
"""Anywhere in a name: `DB_HOST_2`, `DB_HOST_REPLICA`."""

PLACE_WORDS = _names("addr address addresses brokers broker endpoint endpoints node nodes server servers")
"""Only as the last word of a name: `DB_SERVER`, but not `DB_SERVER_VERSION`."""

NOT_HOSTS = _names("true false yes no on off none null")
