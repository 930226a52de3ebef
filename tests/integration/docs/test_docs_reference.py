"""The reference lists what the code has: nothing is missing in it, and nothing is invented."""

from __future__ import annotations

import argparse
import ast
import json
import re
import tomllib
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import seatrial
from seatrial.cli.parser import make_parser
from seatrial.config import settings as config
from seatrial.fakes.databricks.fake import DatabricksFake
from seatrial.fakes.declarations import _SHARED, KINDS
from seatrial.fakes.http.fake import HttpFake
from seatrial.plugin.activate import _MARKERS
from seatrial.postgres.choice import refusal
from seatrial.postgres.template.worker import STEPS
from tests.integration.docs.documents import ERRORS, GUIDE, ROOT, SETTINGS, first_cells, section
from tests.support.project import Project

SOURCE = Path(seatrial.__file__).parent
TABLES = {
    "## `[tool.seatrial]`": config.Settings,
    "## `[tool.seatrial.database]`": config.DatabaseSettings,
    "## `[tool.seatrial.database.schema]`": config.Schema,
    "## `[tool.seatrial.identities]`": config.IdentitySettings,
    "## `[tool.seatrial.identities.login]`": config.LoginSettings,
    "## `[tool.seatrial.identities.users.<name>]`": config.User,
    "## `[tool.seatrial.tests]`": config.HonestySettings,
    "## `[[tool.seatrial.tests.skips]]`": config.DeclaredSkip,
    "## `[tool.seatrial.checks]`": config.CheckSettings,
    "## `[[tool.seatrial.checks.accept]]`": config.Accepted,
    "## `[tool.seatrial.checks.migrations]`": config.MigrationChecks,
    "## `[tool.seatrial.checks.rls]`": config.RlsChecks,
    "## `[tool.seatrial.checks.pool]`": config.PoolChecks,
    "## `[tool.seatrial.checks.queries]`": config.QueryChecks,
    "## `[tool.seatrial.checks.audit]`": config.AuditTrail,
    "## `[tool.seatrial.audit]`": config.AuditSettings,
    "## `[[tool.seatrial.audit.survivors]]`": config.Survivor,
    "## `[tool.seatrial.contracts]`": config.ContractSettings,
}
NO_KEYS = {"root", "source", "name", "attributes"}
"""Fields that no file sets by this name."""
_WORDS = {"startup", "shutdown"}


@pytest.mark.parametrize("heading", TABLES)
def test_keys_defaults_and_choices(heading: str) -> None:
    table = TABLES[heading]
    hints = get_type_hints(table, vars(config) | {"Path": Path, "date": object})
    rows = _rows(heading)
    known = {field.name: field for field in fields(table) if field.name not in NO_KEYS}
    assert set(rows) == set(known)
    for name, field in known.items():
        kind, default = rows[name][:2]
        assert default.strip("`") == _default(field), name
        for choice in get_args(hints[name]):
            if isinstance(choice, str):
                assert f'"{choice}"' in kind, name


def test_the_built_fakes() -> None:
    rows = _rows("## `[tool.seatrial.fakes]`")
    assert {*_SHARED, *HttpFake.options, *DatabricksFake.options} <= set(rows)
    assert {f"`{kind}`" for kind in KINDS} <= set(re.findall(r"`\w+`", " ".join(rows["kind"])))


def test_placeholders(tmp_path: Path) -> None:
    documented = {name.strip("{}") for name in first_cells(section(SETTINGS, "### Placeholders"))}
    found = {name for name in documented if ":" not in name}
    valid = set()
    for identities in (
        'algorithm = "HS256", audience = "a", issuer = "i"',
        'algorithm = "RS256"',
        'scheme = "oidc"',
        'scheme = "api-key", users = { alice = {} }',
    ):
        text = (
            'env = { X = "{nothing}" }\ndatabase = {}\nfakes.openai = {}\n'
            'fakes.cache = { kind = "tcp", target = "127.0.0.1:1" }\n'
            "fakes.databricks = { lakebase = true, users.ada = {}, service_principals.app = {} }\n"
            f"identities = {{ {identities} }}\n"
        )
        (tmp_path / "seatrial.toml").write_text(text, encoding="utf-8")
        with pytest.raises(seatrial.errors.SettingsError) as error:
            config_load(tmp_path / "seatrial.toml")
        valid |= set(re.findall(r"[\w.]+", error.value.remedy.partition("Valid: ")[2].partition(". ")[0]))
    # What every fake has is told of one.
    assert found == valid - {f"fakes.databricks.{part}" for part in ("url", "host", "port")}
    assert {name.partition(":")[2] for name in documented - found} == {"async", "sync", "postgresql+psycopg"}


def test_options_of_pytest(project: Project) -> None:
    project.write({"pyproject.toml": "[tool.seatrial]\n"})
    help_text = project.pytest("--help").output
    documented = first_cells(section(SETTINGS, "## Options of pytest"))
    assert set(documented) == set(re.findall(r"^  (--seatrial-[a-z]+)", help_text, re.MULTILINE))


def test_fixtures(project: Project) -> None:
    project.write({"pyproject.toml": "[tool.seatrial]\n"})
    listed = project.pytest("--fixtures").output
    ours = dict(re.findall(r"^(seatrial_\w+)(?: \[(\w+) scope\])? -- ", listed, re.MULTILINE))
    short = dict(
        re.findall(r"^(\w+)(?: \[(\w+) scope\])? -- \S*seatrial\S*short_names", listed, re.MULTILINE)
    )
    text = section(SETTINGS, "## Fixtures")
    documented = {name: row[0] for name, row in _rows("## Fixtures").items()}
    assert documented == {name: scope or "function" for name, scope in short.items()}
    assert {name.removeprefix("seatrial_") for name in ours} == {*short, "trial"}
    assert "`seatrial_trial` (session)" in text
    assert {scope or "function" for name, scope in ours.items() if name == "seatrial_trial"} == {"session"}


def test_commands() -> None:
    documented = first_cells(section(SETTINGS, "## Commands"))
    assert sorted(documented) == sorted(_commands(make_parser(), "seatrial"))


def test_environment_variables_of_ours() -> None:
    documented = first_cells(section(SETTINGS, "## Environment variables"))
    strings = {text for text, _ in _strings() if re.fullmatch(r"(SEATRIAL|XDG)_[A-Z_]+", text)}
    assert {name for name in documented if name.startswith(("SEATRIAL_", "XDG_"))} == strings
    from seatrial.postgres.choice.parse import NAMES_A_TARGET

    assert {name for name in documented if name.startswith("PG")} == set(NAMES_A_TARGET)


def test_markers() -> None:
    registered = dict(line.split(": ") for line in _MARKERS)
    documented = {name.strip("`"): row[0] for name, row in _rows("## Markers").items()}
    assert documented == registered


def test_names_for_annotations() -> None:
    documented = first_cells(section(SETTINGS, "## Names for annotations"))
    assert sorted(documented) == sorted(f"seatrial.{name}" for name in seatrial.__all__)


def test_extras() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(first_cells(section(SETTINGS, "## Extras"))) == set(project["optional-dependencies"])


def test_error_codes() -> None:
    documented = [word for word in first_cells(ERRORS.read_text(encoding="utf-8")) if "." in word]
    assert sorted(documented) == sorted(_codes())


def test_rules_for_tests() -> None:
    documented = set(first_cells(section(GUIDE, "## Red by default")))
    texts = [text for text, file in _strings() if file.parent.name == "audit"]
    assert documented == {match[1] for text in texts if (match := re.match(r"([a-z]+-[a-z]+): ", text))}


def _commands(parser: argparse.ArgumentParser, name: str) -> list[str]:
    """The commands below a parser that have no commands of their own."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    inner = [(word, below) for group in groups for word, below in group.choices.items()]
    return [found for word, below in inner for found in _commands(below, f"{name} {word}")] or [name]


def config_load(file: Path) -> config.Settings:
    from seatrial.config import load_settings

    return load_settings(file)


def _rows(heading: str) -> dict[str, list[str]]:
    lines = [line for line in section(SETTINGS, heading).splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


def _default(field: Field[object]) -> str:
    if field.default is not MISSING:
        value = field.default
    elif field.default_factory is not MISSING:
        value = field.default_factory()
    else:
        return "required"
    if isinstance(value, (dict, config.Schema)):
        return "{}"
    if value is None or is_dataclass(value):
        return "none"
    return json.dumps(value)


def _strings() -> list[tuple[str, Path]]:
    """Every string in the source, the constant parts of f-strings among them."""
    return [
        (node.value, file)
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def _codes() -> set[str]:
    """The codes of all errors: constants, those made of parts, and those written into a message."""
    found: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.keyword) and node.arg == "code":
                found |= _of_value(node.value, file)
    for text, _ in _strings():
        found |= set(re.findall(r"\[([a-z]+\.[a-z]+-[a-z-]+)\]", text))
    return found


def _of_value(value: ast.expr, file: Path) -> set[str]:
    if isinstance(value, ast.Constant):
        return {str(value.value)} if "." in str(value.value) else set()  # OpenAI's errors have codes, too
    if not isinstance(value, ast.JoinedStr):
        return set()  # passed on from another error
    rules = [rule for rule in vars(refusal).values() if isinstance(rule, refusal.Rule)]
    made = {
        "lifespan.py": {f"app.{word}-failed" for word in _WORDS},
        "choose.py": {f"database.rule-{rule.number}-{rule.name}" for rule in rules},
        "child.py": {f"template.{step}-failed" for step in STEPS},
    }
    return made[file.name]
