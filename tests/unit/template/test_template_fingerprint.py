"""Equal inputs give an equal fingerprint, and every input that matters changes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.config import DatabaseSettings, Schema
from seatrial.postgres.template import TemplatePlan, fingerprint
from seatrial.postgres.template.fingerprint import source_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "schema.sql": "create table a ();",
        "seeds.py": "from shared.numbers import N\nfrom shared import words\n",
        "shared/__init__.py": "",
        "shared/numbers.py": "import json\nN = 1\n",
        "shared/words.py": "from . import deeper\n",
        "shared/deeper.py": "",
        "src/models/__init__.py": "from models.base import Base\n",
        "src/models/base.py": "Base = object()\n",
        "unrelated.py": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def plan(root: Path) -> TemplatePlan:
    settings = DatabaseSettings(schema=Schema(sql=("schema.sql",)), seeds=("seeds:plant",))
    return TemplatePlan(
        settings=settings, root=root, database="seatrial", env={"A": "1"}, environment=lambda _: {}
    )


def names(plan: TemplatePlan) -> set[str]:
    return {str(file.relative_to(plan.root.resolve())) for file in source_files(plan)}


def test_files_and_what_they_import_from_the_project_take_part(root: Path) -> None:
    shared = {f"shared/{name}.py" for name in ("__init__", "numbers", "words", "deeper")}
    assert names(plan(root)) == {"schema.sql", "seeds.py"} | shared


def test_a_package_below_src_is_found(root: Path) -> None:
    metadata = replace(plan(root), settings=DatabaseSettings(schema=Schema(metadata="models:Base.metadata")))
    assert names(metadata) == {"src/models/__init__.py", "src/models/base.py"}


def test_it_is_stable(root: Path) -> None:
    assert fingerprint(plan(root), server="18.6") == fingerprint(plan(root), server="18.6")


@pytest.mark.parametrize("file", ["schema.sql", "seeds.py", "shared/numbers.py", "shared/words.py"])
def test_every_source_changes_it(root: Path, file: str) -> None:
    before = fingerprint(plan(root), server="18.6")
    (root / file).write_text((root / file).read_text() + "\n# changed\n")
    assert fingerprint(plan(root), server="18.6") != before


def test_what_has_no_part_in_it_does_not_change_it(root: Path) -> None:
    before = fingerprint(plan(root), server="18.6")
    (root / "unrelated.py").write_text("x = 1")
    assert fingerprint(plan(root), server="18.6") == before


@pytest.mark.parametrize(
    "change",
    [
        {"env": {"A": "2"}},
        {
            "settings": DatabaseSettings(
                schema=Schema(sql=("schema.sql",)), seeds=("seeds:plant",), app_role="x"
            )
        },
        {"settings": DatabaseSettings(schema=Schema(sql=("schema.sql",)))},
    ],
)
def test_settings_and_environment_change_it(root: Path, change: dict[str, object]) -> None:
    original = plan(root)
    assert fingerprint(original, server="18.6") != fingerprint(replace(original, **change), server="18.6")  # type: ignore[arg-type]


def test_the_server_changes_it(root: Path) -> None:
    assert fingerprint(plan(root), server="18.6") != fingerprint(plan(root), server="17.0")


def test_a_source_that_does_not_parse_is_left_to_the_build_to_report(root: Path) -> None:
    (root / "seeds.py").write_text("def broken(:")
    assert fingerprint(plan(root), server="18.6")
