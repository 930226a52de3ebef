from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import anyio
import anyio.to_thread

from seatrial.trial.oracle.threads import ThreadWatch, describe, dying


def until(condition):
    while not condition():
        time.sleep(0.001)


def test_a_thread_that_lives_on_is_told_and_where_it_is():
    watch, stop = ThreadWatch(), threading.Event()
    before = threading.Thread(target=stop.wait, name="before")
    before.start()
    watch.begin()
    fresh = threading.Thread(target=stop.wait, name="fresh")
    fresh.start()
    try:
        assert watch.started() == [fresh]
        assert describe(fresh).startswith("thread 'fresh', now at:\n    ")
    finally:
        stop.set()
        before.join()
        fresh.join()
    assert watch.started() == []
    assert "(it has ended)" in describe(fresh)


def test_a_worker_of_a_pool_counts_only_while_it_works():
    watch, stop = ThreadWatch(), threading.Event()
    watch.begin()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        until(lambda: not watch.started())  # it tells the result, and then goes to wait
        pool.submit(stop.wait)
        until(watch.started)
        [worker] = watch.started()
        stop.set()
    assert worker.name.startswith("ThreadPoolExecutor")


def test_a_worker_of_anyio_counts_only_while_it_works():
    watch = ThreadWatch()
    watch.begin()

    async def look():
        [worker] = await anyio.to_thread.run_sync(watch.started)
        until(lambda: not watch.started())
        return worker.name, worker.is_alive()

    assert anyio.run(look) == ("AnyIO worker thread", True)


def test_how_a_thread_dies_is_nobodys_business_but_others_still_tell():
    said = []
    hook, threading.excepthook = threading.excepthook, lambda args: said.append(str(args.exc_value))
    try:
        gate = threading.Event()

        def fail(text):
            gate.wait()
            raise ValueError(text)

        ours, other = (threading.Thread(target=fail, args=[text]) for text in ("ours", "other"))
        ours.start()
        other.start()
        with dying([ours]):
            gate.set()
            other.join()
        assert said == ["other"]
        assert not ours.is_alive()
    finally:
        threading.excepthook = hook
