"""The system's PostgreSQL, where there is one: an older version through the same launcher."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from seatrial.postgres.server import ServerOptions, find_binaries, prepared_data


def system_folders():
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.mark.parametrize("folder", system_folders(), ids=lambda folder: folder.parent.name)
def test_the_systems_server_runs_too(folder, cache, start, tmp_path):
    binaries = find_binaries(str(folder))
    options = ServerOptions(stand_ins=("uuid-ossp",) if binaries.has_extension("uuid-ossp") else ())
    server = start(source=prepared_data(binaries, cache), binaries=binaries, options=options)
    with psycopg.connect(server.admin_dsn()) as connection:
        assert connection.info.server_version // 10000 == binaries.major
        assert connection.execute("show fsync").fetchone() == ("off",)
        assert connection.execute(
            "select count(*) from pg_file_settings where error is not null"
        ).fetchone() == (0,)
    server.stop_and_keep(tmp_path / "kept")
    assert start(source=tmp_path / "kept", binaries=binaries).version == binaries.version
