"""How a thread waits for the application."""

import signal
import threading

import pytest

from seatrial.app.waiters import ThreadWaiter


@pytest.mark.timeout(20)
def test_a_wait_without_an_end_returns_to_look_for_signals():
    """A signal that arrives just before the system call that waits is not seen until that call returns."""
    ThreadWaiter().wait(None)


@pytest.mark.timeout(20)
def test_an_interrupt_ends_a_wait_whenever_it_arrives():
    def wait_for_ever(waiter, timer):
        timer.start()
        while True:
            waiter.wait(3600.0)

    for delay in (0.0, 0.00001, 0.0001, 0.001):
        main = threading.main_thread().ident
        timer = threading.Timer(delay, signal.pthread_kill, (main, signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            wait_for_ever(ThreadWaiter(), timer)
        timer.join()


def test_a_wake_up_that_came_first_is_not_lost():
    waiter = ThreadWaiter()
    waiter.wake()
    waiter.wake()
    waiter.wait(None)
    assert waiter._lock.locked()
