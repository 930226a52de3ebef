"""The path of a run from its settings to the first answer of the tested database, alone in a process."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.places import Place, working_in
from bench.swap import plan_in
from seatrial.postgres.isolation import Clones
from seatrial.postgres.providers.embedded import EmbeddedProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.postgres.template import TemplatePlan

ANSWER = "answered"


@contextlib.contextmanager
def answered(plan: TemplatePlan, *, rebuild: bool) -> Iterator[None]:
    """Start a server with the template, put the tested database in place, and query a table of it."""
    provider = EmbeddedProvider(plan.settings)
    try:
        prepared = provider.start(plan, rebuild=rebuild)
        clones = Clones(prepared.cluster, database=provider.database, template=prepared.template)
        clones.open()
        with prepared.cluster.connect(provider.database, login="app") as connection:
            assert connection.execute("select count(*) from company").fetchone() == (0,)
        yield
        clones.close(drop_databases=False)
    finally:
        provider.stop(kept={})


if __name__ == "__main__":
    FOLDER, *MEMORY = sys.argv[1:]
    PLACE = Place(Path(MEMORY[0]), shared_memory=True) if MEMORY else Place(Path(FOLDER), shared_memory=False)
    with working_in(PLACE, folder=Path(FOLDER)), answered(plan_in(Path(FOLDER)), rebuild=False):
        print(ANSWER, flush=True)
