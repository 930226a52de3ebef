"""Writing, merging and reading: nothing is lost unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from seatrial.errors import LedgerError
from seatrial.ledger import Gap, LedgerFiles, Recorder, merge, read
from seatrial.ledger.recorder import Answer, Call, Sender

TEST = "tests/test_a.py::test_one"
BROWSER = Sender("application", 7)


def recorder_of(files: LedgerFiles, worker: str = "main") -> Recorder:
    files.open()
    recorder = Recorder(files.descriptor(), worker=worker)
    recorder.begin(versions={"seatrial": "1"}, settings={})
    return recorder


def one_test(recorder: Recorder, test: str = TEST, sql: str = "select * from orders") -> None:
    recorder.begin_test(test)
    recorder.restored("reset", "in place", 0.0015)
    recorder.phase = "call"
    recorder.statement(sql, sender=BROWSER, driver="asyncpg", began=recorder._writer.began, parameters=2)
    call = Call("POST", "/orders", "a=1", "application/json", ("authorization",), b'{"a": 1}', "alice")
    answer = Answer(status=201, content_type="application/json", body=b'{"id": 1}', size=9)
    recorder.exchange(call, answer, number=7, route="/orders", began=recorder._writer.began)
    recorder.outbound(fake="openai", method="POST", path="/v1", status=200, attempts=2, seconds=0.01)
    recorder.end_test(file="tests/test_a.py", outcome="passed", phase="call", assertions=3, seconds=0.25)


def finished(folder: Path) -> Path:
    files = LedgerFiles(folder / "run.jsonl")
    recorder = recorder_of(files)
    recorder.catalogue([("public", "orders"), ("public", "items")])
    one_test(recorder)
    recorder.close()
    assert files.finish() == []
    return files.path


def test_what_was_recorded_is_read_again(tmp_path: Path) -> None:
    ledger = read(finished(tmp_path))
    (run,) = ledger.runs
    assert (run.worker, run.versions) == ("main", {"seatrial": "1"})
    test = ledger.test(TEST)
    assert (test.outcome, test.assertions, test.isolation, test.put_back) == (
        "passed",
        3,
        "reset",
        "in place",
    )
    assert (test.ms, test.put_back_ms, test.worker) == (250.0, 1.5, "main")
    (exchange,) = ledger.exchanges_of(TEST)
    assert (exchange.identity, exchange.path, exchange.route) == ("alice", "/orders?a=1", "/orders")
    assert (exchange.status, exchange.credentials) == (201, ("authorization",))
    assert (exchange.request_bytes, exchange.response_bytes) == (8, 9)
    assert ledger.body(exchange.request_body) == '{"a": 1}'
    assert ledger.body(exchange.response_body) == '{"id": 1}'
    assert ledger.body(None) is None
    (statement,) = ledger.statements_in(exchange)
    assert ledger.sql(statement) == "select * from orders"
    assert (statement.parameters, statement.by, statement.rows, statement.failed) == (
        2,
        "application",
        None,
        None,
    )
    (call,) = ledger.outbound_of(TEST)
    assert (call.fake, call.attempts, call.ms) == ("openai", 2, 10.0)
    assert ledger.gaps == []


def test_relations_of_tests_and_tests_of_relations(tmp_path: Path) -> None:
    files = LedgerFiles(tmp_path / "run.jsonl")
    recorder = recorder_of(files)
    recorder.catalogue([("public", "orders"), ("public", "items"), ("public", "log")])
    recorder.statement("select * from log", sender=BROWSER, driver="x", began=0)
    one_test(recorder, "a", "select * from orders")
    one_test(recorder, "b", "prepare p as select * from items")
    one_test(recorder, "c", "execute p")
    recorder.close()
    files.finish()
    ledger = read(files.path)
    assert ledger.tests_touching("public.orders") == ["a"]
    assert ledger.tests_touching("public.items") == ["b", "c"]
    assert ledger.tests_touching("public.items", reaches={"orders": ["items"]}) == ["a", "b", "c"]
    assert ledger.relations_of("a") == {"public.orders"}
    assert ledger.relations_of(None) == {"public.log"}
    assert ledger.relations_of("nobody") == set()


def test_equal_texts_and_bodies_stand_in_a_merged_file_once(tmp_path: Path) -> None:
    for worker in ("gw10", "gw2"):
        recorder = recorder_of(LedgerFiles(tmp_path / "run.jsonl", worker=worker), worker)
        recorder.catalogue([("public", "orders")])
        one_test(recorder, f"{TEST}[{worker}]")
        one_test(recorder, f"{TEST}[{worker} again]")
        recorder.close()
    files = LedgerFiles(tmp_path / "run.jsonl")
    parts = files.parts()
    assert [part.name for part in parts] == ["run.jsonl.gw2.part", "run.jsonl.gw10.part"]
    merge(parts, into=tmp_path / "again.jsonl")
    files.finish()
    lines = [json.loads(line) for line in files.path.read_text().splitlines()]
    kinds = [line["kind"] for line in lines]
    assert [kinds.count(kind) for kind in ("sql", "body", "catalogue", "test", "run")] == [1, 2, 1, 4, 2]
    assert files.path.read_bytes() == (tmp_path / "again.jsonl").read_bytes()
    ledger = read(files.path)
    assert [test.worker for test in ledger.tests] == ["gw2", "gw2", "gw10", "gw10"]
    assert {exchange.id for exchange in ledger.exchanges} == {"gw2-7", "gw10-7"}
    assert sorted(tmp_path.iterdir()) == [tmp_path / "again.jsonl", files.path]


def test_a_killed_process_leaves_all_tests_that_were_over(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from seatrial.ledger import LedgerFiles, Recorder
files = LedgerFiles(Path(sys.argv[1]), worker="gw0")
files.open()
recorder = Recorder(files.descriptor(), worker="gw0")
recorder.begin(versions={}, settings={})
for n in range(3):
    recorder.begin_test(f"test_{n}")
    recorder.end_test(file="a", outcome="passed", phase="call", assertions=1, seconds=0)
recorder.begin_test("test_of_the_end")
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "run.jsonl"
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    files = LedgerFiles(path)
    gaps = files.finish()
    assert gaps == ["run.jsonl.gw0.part has no end: its process was killed, and what it did last is missing"]
    ledger = read(path)
    assert [test.id for test in ledger.tests] == ["test_0", "test_1", "test_2"]
    assert [gap.what for gap in ledger.gaps] == gaps


def test_a_damaged_line_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    whole = finished(tmp_path).read_bytes()
    part = tmp_path / "run.jsonl.gw0.part"
    for cut in (whole[:-1], whole[:-8], whole.replace(b'"kind":"test"', b'"kind":"te')):
        part.write_bytes(cut)
        gaps = merge([part], into=tmp_path / "merged.jsonl")
        assert any("damaged" in gap for gap in gaps), cut
        ledger = read(tmp_path / "merged.jsonl")
        assert [gap.what for gap in ledger.gaps] == gaps
        assert len(ledger.exchanges) == 1


def test_a_worker_whose_part_is_elsewhere_is_told(tmp_path: Path) -> None:
    files = LedgerFiles(tmp_path / "run.jsonl")
    recorder_of(files).close()
    assert files.finish(expected=["gw0"]) == ["gw0 has left no part here"]
    assert read(files.path).gaps == [Gap(what="gw0 has left no part here", worker="main")]


def test_what_many_threads_record_is_whole(tmp_path: Path) -> None:
    files = LedgerFiles(tmp_path / "run.jsonl")
    recorder = recorder_of(files)

    def record(thread: int) -> None:
        for n in range(700):
            sql = f"select {n % 5} from t{thread % 3}"
            recorder.statement(sql, sender=BROWSER, driver="d", began=0.0)

    threads = [threading.Thread(target=record, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close()
    assert files.finish() == []
    ledger = read(files.path)
    assert len(ledger.statements) == 4200
    assert len({ledger.sql(statement) for statement in ledger.statements}) == 15


def test_a_forked_child_writes_nothing(tmp_path: Path) -> None:
    files = LedgerFiles(tmp_path / "run.jsonl")
    recorder = recorder_of(files)
    recorder.begin_test(TEST)
    recorder.gap("waits in memory")
    child = os.fork()
    if child == 0:
        recorder.gap("of the child")
        recorder.close()
        os._exit(0)
    os.waitpid(child, 0)
    recorder.end_test(file="a", outcome="passed", phase="call", assertions=None, seconds=0)
    recorder.close()
    files.finish()
    ledger = read(files.path)
    assert [gap.what for gap in ledger.gaps] == ["waits in memory"]
    assert ledger.test(TEST).assertions is None


def test_bodies_beyond_what_a_test_may_keep_are_counted(tmp_path: Path) -> None:
    files = LedgerFiles(tmp_path / "run.jsonl")
    recorder = recorder_of(files)
    recorder.begin_test(TEST)
    for n in range(20):
        body = f"{n:06} ".encode() * 4000
        answer = Answer(status=200, content_type="text/plain", body=body, size=len(body))
        call = Call("GET", f"/{n}", "", "", (), b"", None)
        recorder.exchange(call, answer, number=n, route=None, began=0.0)
    recorder.end_test(file="a", outcome="passed", phase="call", assertions=0, seconds=0)
    recorder.close()
    files.finish()
    ledger = read(files.path)
    (gap,) = ledger.gaps
    assert gap.what.startswith("4 bodies were left out")
    assert gap.test == TEST
    assert [exchange.response_bytes for exchange in ledger.exchanges] == [28_000] * 20
    kept = [ledger.body(exchange.response_body) for exchange in ledger.exchanges]
    assert kept.count(None) == 4
    assert {len(text) for text in kept if text is not None} == {16_384}


@pytest.mark.parametrize("content_type", ["multipart/form-data", "image/png", "application/octet-stream", ""])
def test_bodies_that_are_no_plain_text_are_not_kept(tmp_path: Path, content_type: str) -> None:
    files = LedgerFiles(tmp_path / "run.jsonl")
    recorder = recorder_of(files)
    call = Call("POST", "/", "", content_type, (), b"hidden", None)
    answer = Answer(status=200, content_type=content_type, body=b"hidden", size=6)
    recorder.exchange(call, answer, number=1, route=None, began=0.0)
    recorder.close()
    files.finish()
    assert b"hidden" not in files.path.read_bytes()
    (exchange,) = read(files.path).exchanges
    assert (exchange.request_bytes, exchange.response_bytes) == (6, 6)


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"folder \[ledger.folder\]"):
        LedgerFiles(tmp_path).open()


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError) as error:
        LedgerFiles(tmp_path / "file" / "run.jsonl").open()
    assert error.value.code == "ledger.not-written"


def test_two_runs_cannot_write_one_ledger(tmp_path: Path) -> None:
    first = LedgerFiles(tmp_path / "run.jsonl")
    first.open()
    with pytest.raises(LedgerError) as error:
        LedgerFiles(tmp_path / "run.jsonl").open()
    assert error.value.code == "ledger.in-use"
    first.discard()
    assert list(tmp_path.iterdir()) == []
    second = LedgerFiles(tmp_path / "run.jsonl")
    second.open()
    second.discard()


def test_what_a_killed_run_has_left_is_no_part_of_the_next(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl.gw3.part").write_text("{}\n")
    (tmp_path / "run.jsonl.gw3.party").write_text("somebody's\n")
    finished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.jsonl", "run.jsonl.gw3.party"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_ends_the_record_and_not_the_run(tmp_path: Path) -> None:
    recorder = Recorder(os.open("/dev/full", os.O_WRONLY))
    recorder.begin(versions={}, settings={})
    one_test(recorder)
    recorder.close()
    assert recorder.failure is not None
    assert recorder.failure.strerror == "No space left on device"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{}", "ledger.format"),
        ("[]", "ledger.format"),
        ("nothing", "ledger.format"),
        ('{"kind": "run", "worker": "main", "format": 99, "started": 1}', "ledger.format"),
        ('{"kind": "test", "id": "x"}', "ledger.format"),
    ],
)
def test_a_file_that_is_no_ledger(tmp_path: Path, line: str, code: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(LedgerError) as error:
        read(path)
    assert error.value.code == code


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as error:
        read(tmp_path / "run.jsonl")
    assert error.value.code == "ledger.unreadable"


def test_a_test_that_did_not_run(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as error:
        read(finished(tmp_path)).test("nobody")
    assert error.value.code == "ledger.no-such-test"
