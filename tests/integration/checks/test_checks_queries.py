"""Operations that send a statement for each row are named, and no other; what nobody saw rows in is told."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from seatrial.checks import Ground, Verdict, run_check, select
from seatrial.config import load_settings
from seatrial.config.settings import QueryChecks, User
from seatrial.errors import CheckError
from seatrial.trial import Trial
from tests.integration.checks.queries_shop import (
    QUERIES_ROWS,
    QUERIES_SCHEMA,
    QUERIES_SETTINGS,
    QUERIES_SHOP,
)
from tests.integration.docs.documents import ROOT, blocks
from tests.support.project import Project

CHECK = "queries.n_plus_one"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Ground]:
    project = Project(root=tmp_path_factory.mktemp("queries"), cache=shared_cache)
    files = {"queries_shop.py": QUERIES_SHOP, "schema.sql": QUERIES_SCHEMA, "queries_rows.py": QUERIES_ROWS}
    project.write({"pyproject.toml": QUERIES_SETTINGS, **files})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEATRIAL_CACHE", str(shared_cache))
        patch.setattr(sys, "path", list(sys.path))
        trial = Trial(load_settings(project.root / "pyproject.toml"), database="embedded")
        try:
            trial.prepare()
            yield Ground.of_trial(trial)
        finally:
            trial.close()
            assert not hasattr(psycopg.Cursor.execute, "__wrapped__")
            sys.modules.pop("queries_shop", None)
            sys.modules.pop("queries_rows", None)


@pytest.fixture
def look(ground: Ground) -> Callable[..., Verdict]:
    """The verdict with settings of `checks.queries`."""

    def find(*, ghosts: Sequence[str] = (), **queries: str) -> Verdict:
        checks = dataclasses.replace(ground.settings.checks, queries=QueryChecks(**queries))
        users = {**{name: User(name=name) for name in ghosts}, **ground.settings.identities.users}
        identities = dataclasses.replace(ground.settings.identities, users=users)
        settings = dataclasses.replace(ground.settings, checks=checks, identities=identities)
        (check,) = select([CHECK])
        return run_check(check, dataclasses.replace(ground, settings=settings))

    return find


def test_every_n_plus_one_is_named_and_nothing_else(look: Callable[..., Verdict]) -> None:
    verdict = look()
    found = {finding.where: finding for finding in verdict.findings}
    assert sorted(found) == [
        "GET /broken",
        "GET /lazy",
        "GET /orders/{order_id}/products",
        "GET /total",
    ], verdict
    assert "it raises KeyError: 'what is row 1?', called by alice" in found["GET /broken"].what
    lazy = found["GET /lazy"]
    assert "as many statements for 10 rows as for 1, found 22 instead of 4, called by alice" in lazy.what
    assert "sent 10 times instead of 1, with 10 sets of values" in lazy.what
    assert "FROM" in lazy.detail
    products = found["GET /orders/{order_id}/products"]
    assert "FROM products" in products.detail
    assert "with 10 sets of values" in products.what
    assert "select count(*) from lines where order_id =" in found["GET /total"].detail
    compared = ("chunks (3", "joined (2", "orders (2", "search (2", "selectin (4")
    unanswered = "GET /refused (403), GET /reports/{name} (no id is known for its path, or no answer came)"
    assert sorted(verdict.notes) == [
        "compared: " + ", ".join(f"GET /{each} statements)" for each in compared),
        "more statements for many rows, and none of them again and again: GET /page (2, then 3)",
        "no statement is sent: GET /health",
        f"not exercised, it gives nobody an answer: GET /broken (500), {unanswered}",
        "not exercised, the answer does not grow with the rows: GET /others",
    ]


def test_rows_of_the_teams_own_and_a_user_without_credentials(look: Callable[..., Verdict]) -> None:
    verdict = look(rows="queries_rows:make", ghosts=["ghost"])
    assert verdict.notes[0].startswith("ghost cannot call: ")
    # Its orders have no lines.
    assert {finding.where for finding in verdict.findings} == {"GET /lazy", "GET /total"}, verdict


@pytest.mark.parametrize("rows", ["nothing", "by_requests"])
def test_rows_that_nobody_sees_prove_nothing(look: Callable[..., Verdict], rows: str) -> None:
    verdict = look(rows=f"queries_rows:{rows}")
    finding = verdict.findings[-1]
    assert finding.where == CHECK
    assert "expected that an answer grows with the rows, and of 14 operations none did" in finding.what


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"rows": "queries_rows:wrong"}, "checks.no-rows"),
        ({"rows": "queries_rows:missing"}, "checks.no-rows"),
        ({"rows": "no_module:make"}, "checks.no-rows"),
        ({"openapi": "/health"}, "checks.no-openapi"),
    ],
)
def test_settings_that_cannot_be(look: Callable[..., Verdict], setting: dict[str, str], code: str) -> None:
    with pytest.raises(CheckError) as refused:
        look(**setting)
    assert refused.value.code == code


def test_the_document_may_be_served(look: Callable[..., Verdict]) -> None:
    assert len(look(openapi="/openapi.json").findings) == 4


def test_the_command_with_the_documented_function(project: Project) -> None:
    page = [block.text for block in blocks(ROOT / "docs" / "checks.md")]
    settings, function = (text for text in page if "(number, db)" in text or "\nrows = " in text)
    project.shop("", **{"tests/rows.py": function})
    file = project.root / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8") + settings, encoding="utf-8")
    result = project.run(sys.executable, "-m", "seatrial", "check", "queries")
    assert result.status == 0, result.output
    assert "compared: GET /orders (1 statements)" in result.output
