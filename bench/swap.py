"""What a fresh clone under the constant name costs by itself, as a test waits for it."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from bench import harbour
from bench.figures import Section, Table, ratio, spread
from bench.places import Place, places, working_in
from seatrial.config import DatabaseSettings, Schema
from seatrial.postgres.isolation import Clones
from seatrial.postgres.providers.embedded import EmbeddedProvider
from seatrial.postgres.template import TemplatePlan

if TYPE_CHECKING:
    from pathlib import Path

    from bench.machine import Noise
    from seatrial.postgres.cluster import Cluster

READY = "swap, a clone is ready"
OPEN = "swap, a clone is ready, one session is open"
AT_ONCE = "swap, tests without any duration"
FILE_COPY = "DROP and CREATE DATABASE ... STRATEGY FILE_COPY"
WAL_LOG = "DROP and CREATE DATABASE, the server's default"
TEST_S = 0.04
"""How long a test pretends to take while the next clone is made."""


def plan_in(folder: Path) -> TemplatePlan:
    """The measured project's template."""
    (folder / "schema.sql").write_text(harbour.SCHEMA, encoding="utf-8")
    return TemplatePlan(
        settings=DatabaseSettings(schema=Schema(sql=("schema.sql",))),
        root=folder,
        database="seatrial",
        env={},
        environment=lambda _: {},
    )


def measure(rounds: int, times: int, noise: Noise, place: Place) -> dict[str, list[float]]:
    """Milliseconds of each way, `times` figures for each round."""
    found: dict[str, list[float]] = {name: [] for name in (READY, OPEN, AT_ONCE, FILE_COPY, WAL_LOG)}
    with working_in(place) as root:
        plan = plan_in(root)
        provider = EmbeddedProvider(plan.settings)
        try:
            prepared = provider.start(plan, rebuild=False)
            cluster = prepared.cluster
            clones = Clones(cluster, database=provider.database, template=prepared.template)
            clones.open()
            for number in range(rounds + 1):
                noise.note()
                figures = {
                    READY: _swaps(clones, cluster, times, pause=TEST_S, leave_open=False),
                    OPEN: _swaps(clones, cluster, times, pause=TEST_S, leave_open=True),
                    AT_ONCE: _swaps(clones, cluster, times, pause=0, leave_open=False),
                    FILE_COPY: _creates(cluster, prepared.template, times, " strategy file_copy"),
                    WAL_LOG: _creates(cluster, prepared.template, times, ""),
                }
                if number:  # the first round fills the caches
                    for name, values in figures.items():
                        found[name] += values
            clones.close(drop_databases=False)
        finally:
            provider.stop(kept={})
    return found


def section(rounds: int, times: int, noise: Noise) -> Section:
    """Measure and explain."""
    place = places()[0]
    found = measure(rounds, times, noise, place)
    table = Table(columns=("way", "ms", "share of the server's default"))
    for name, values in found.items():
        table.rows.append((name, spread(values, digits=2), f"{ratio(values, found[WAL_LOG]):.2f}"))
    return Section(
        title="A fresh clone by itself",
        method=f"12 tables on {place.name}; each database got a row before it was replaced. A test of "
        f"{TEST_S * 1000:.0f} ms leaves time to make the next clone in the background. "
        f"{rounds} interleaved rounds of {times}, median [least .. most].",
        tables=[table],
    )


def _swaps(clones: Clones, cluster: Cluster, times: int, *, pause: float, leave_open: bool) -> list[float]:
    figures = []
    for _ in range(times):
        clones.hand_over()
        session = _used(cluster, "seatrial")
        if not leave_open:
            session.close()
        time.sleep(pause)
        began = time.perf_counter()
        clones.restore(contextlib.nullcontext)
        figures.append((time.perf_counter() - began) * 1000)
        session.close()
    return figures


def _creates(cluster: Cluster, template: str, times: int, strategy: str) -> list[float]:
    figures = []
    create = f"create database plain template {template}{strategy}".encode()
    with cluster.connect("postgres") as admin:
        admin.execute(create)
        for _ in range(times):
            _used(cluster, "plain").close()
            began = time.perf_counter()
            admin.execute("drop database plain with (force)")
            admin.execute(create)
            figures.append((time.perf_counter() - began) * 1000)
        admin.execute("drop database plain with (force)")
    return figures


def _used(cluster: Cluster, database: str) -> Any:
    session = cluster.connect(database)
    session.execute("insert into company (slug, name) values ('acme', 'Acme')")
    return session
