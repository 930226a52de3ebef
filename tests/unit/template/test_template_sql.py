"""Quoting of names and texts, and reading of SQL files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import pytest

from seatrial.errors import TemplateError
from seatrial.postgres.sql import identifier, literal
from seatrial.postgres.template.sql_file import run_sql_file


@pytest.mark.parametrize(
    ("name", "quoted"), [("orders", '"orders"'), ('a"b', '"a""b"'), ("Größe x", '"Größe x"'), ("", '""')]
)
def test_identifiers_are_quoted(name: str, quoted: str) -> None:
    assert identifier(name) == quoted


@pytest.mark.parametrize(
    ("text", "quoted"), [("a", "'a'"), ("it's", "'it''s'"), ("a\\b", "E'a\\\\b'"), ("'\\", "E'''\\\\'")]
)
def test_literals_are_quoted(text: str, quoted: str) -> None:
    assert literal(text) == quoted


class Recorder:
    """Stands where no server is needed: what would be sent, in order."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def execute(self, statement: bytes) -> None:
        self.sent.append(statement.decode().strip())

    def cursor(self) -> Any:
        return self

    def copy(self, statement: bytes) -> Any:
        self.sent.append(statement.decode())
        return self

    def write(self, rows: str) -> None:
        self.sent.append(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def run(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "x.sql"
    file.write_text(text)
    recorder = Recorder()
    run_sql_file(recorder, file)  # type: ignore[arg-type]
    return recorder.sent


def test_a_plain_file_is_one_batch(tmp_path: Path) -> None:
    assert run(tmp_path, "select 1;\nselect 2;\n") == ["select 1;\nselect 2;"]


def test_copy_blocks_are_taken_apart_in_order(tmp_path: Path) -> None:
    text = "select 1;\nCOPY a (x) FROM stdin;\n1\n2\n\\.\nselect 2;\ncopy b from STDIN;\n\\.\n"
    assert run(tmp_path, text) == [
        "select 1;",
        "COPY a (x) FROM stdin",
        "1\n2\n",
        "select 2;",
        "copy b from STDIN",
        "",
    ]


def test_what_pg_dump_adds_for_psql_is_left_out(tmp_path: Path) -> None:
    assert run(tmp_path, "\\restrict x\nselect 1;\n\\unrestrict x\n") == ["select 1;"]


def test_an_empty_file_sends_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, " \n") == []


def test_other_commands_of_psql_are_named_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"x\.sql:3 uses psql's command \\i,") as caught:
        run(tmp_path, "select 1;\n\n\\i other.sql\n")
    assert caught.value.code == "template.sql-command"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"gone\.sql is not there"):
        run_sql_file(Recorder(), tmp_path / "gone.sql")  # type: ignore[arg-type]
