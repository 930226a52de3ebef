"""SQL of tests and files, cut and translated."""

from __future__ import annotations

import sqlite3

import pytest

from seatrial.sqlite.statements import split, with_question_marks


@pytest.mark.parametrize(
    ("written", "run"),
    [
        ("select * from t where a = %s and b=%s", "select * from t where a = ? and b=?"),
        ("select '%s', \"%s\" -- %s\nfrom t where a = %s", "select '%s', \"%s\" -- %s\nfrom t where a = ?"),
        ("select /* %s */ 10 %% 3, '100%%' where 1 = %s", "select /* %s */ 10 % 3, '100%' where 1 = ?"),
        ("select 'it''s %s' where x = %s", "select 'it''s %s' where x = ?"),
        ("select '%%' where x = ?", "select '%%' where x = ?"),
        ("select '%s' where x = ?", "select '%s' where x = ?"),
    ],
)
def test_parameters(written: str, run: str) -> None:
    assert with_question_marks(written) == run


def test_statements_of_a_file() -> None:
    text = """-- a; comment
create table a (b text default ';'); /* ; */
create trigger t after insert on a begin
  update a set b = 'x;'; select 1;
end;
;;
insert into a values ('last')
"""
    found = list(split(text))
    assert [sql.split()[0] for _, sql in found] == ["create", "create", "insert"]
    assert [text.count("\n", 0, place) + 1 for place, _ in found] == [2, 3, 7]
    connection = sqlite3.connect(":memory:")
    for _, sql in found:
        connection.execute(sql)
    assert connection.execute("select b from a").fetchall() == [("x;",)]
    connection.close()


@pytest.mark.parametrize("text", ["", " \n", "-- nothing", ";", "/* open"])
def test_nothing_to_run(text: str) -> None:
    assert list(split(text)) == []
