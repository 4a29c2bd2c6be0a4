from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from agentic_commerce.hooks._flight import Flights, Workers, _forget_everything


def test_a_worker_is_used_again_rather_than_a_new_one_started() -> None:
    workers = Workers(8)
    names: list[str] = []
    for _ in range(5):
        done = threading.Event()

        def job(done: threading.Event = done) -> None:
            names.append(str(threading.get_ident()))
            done.set()

        assert workers.start(job)
        assert done.wait(5)
        wait_until_idle(workers)
    assert len(set(names)) == 1


def wait_until_idle(workers: Workers) -> None:
    for _ in range(1000):
        if workers._idle == workers._threads:
            return
        threading.Event().wait(0.005)
    raise AssertionError("a worker never came back")


def test_when_every_worker_is_busy_a_job_waits_for_its_turn() -> None:
    workers = Workers(1)
    gate, done = threading.Event(), threading.Event()
    assert workers.start(gate.wait)
    assert workers.start(done.set)
    assert not done.wait(0.05)
    gate.set()
    assert done.wait(5)


def test_a_job_that_waits_can_be_taken_back_and_one_that_runs_cannot() -> None:
    workers = Workers(1)
    gate, never = threading.Event(), threading.Event()
    running: list[bool] = []

    def job() -> None:
        running.append(True)
        gate.wait(5)

    workers.start(job)
    while not running:
        threading.Event().wait(0.005)
    workers.start(never.set)
    assert workers.take_back(never.set)
    assert not workers.take_back(job)
    gate.set()
    wait_until_idle(workers)
    assert not never.is_set()


def test_where_no_thread_can_be_started_the_first_job_is_refused_and_the_others_wait() -> None:
    allowed = [False, True, False]

    def spawn(work: Callable[[], object]) -> None:
        if not allowed.pop(0):
            raise RuntimeError("can't start new thread")
        threading.Thread(target=work, daemon=True).start()

    workers = Workers(2, spawn)
    gate, done = threading.Event(), threading.Event()
    assert not workers.start(done.set)
    assert workers.start(gate.wait)
    assert workers.start(done.set)  # no second thread: the first will do it
    gate.set()
    assert done.wait(5)
    assert allowed == []


def test_a_job_that_raises_ends_no_worker() -> None:
    workers = Workers(1)
    for error in (ValueError(), SystemExit(), KeyboardInterrupt()):

        def job(error: BaseException = error) -> None:
            raise error

        assert workers.start(job)
        wait_until_idle(workers)


def test_an_idle_worker_keeps_nothing_alive() -> None:
    class Request:
        pass

    workers = Workers(1)
    request = Request()
    gone = weakref.ref(request)
    workers.start(lambda r=request: None)  # type: ignore[misc]
    wait_until_idle(workers)
    del request
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is for POSIX")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_after_a_fork_the_child_starts_from_nothing() -> None:
    workers = Workers(1)
    workers.start(lambda: None)
    wait_until_idle(workers)
    flights: Flights[str] = Flights()
    flights.join("under way", None)
    child = os.fork()
    if child == 0:  # pragma: no cover - in another process
        done = threading.Event()
        workers.start(done.set)
        leads = flights.join("under way", None)[1]
        os._exit(0 if done.wait(5) and leads else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_what_a_forked_child_does_first() -> None:
    workers, flights = Workers(1), Flights[str]()
    flights.join("a", None)
    _forget_everything()
    assert flights.join("a", None)[1]
    done = threading.Event()
    assert workers.start(done.set)
    assert done.wait(5)


def test_a_stuck_worker_does_not_keep_the_interpreter_alive() -> None:
    program = (
        "import threading\n"
        "from agentic_commerce.hooks._flight import Workers\n"
        "Workers(1).start(threading.Event().wait)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)  # noqa: S603


def test_equal_keys_share_a_flight_until_it_has_landed() -> None:
    flights: Flights[str] = Flights()
    first, leads = flights.join("a", None)
    second, follows = flights.join("a", None)
    other, leads_too = flights.join("b", None)
    assert (leads, follows, leads_too) == (True, False, True)
    assert first is second is not other
    assert flights.land(first, "result")
    assert flights.join("a", None)[0] is not first


def test_without_a_key_nothing_is_shared() -> None:
    flights: Flights[str] = Flights()
    assert flights.join(None, None)[0] is not flights.join(None, None)[0]


def test_a_result_is_late_when_nobody_waits_any_more() -> None:
    flights: Flights[str] = Flights()
    flight, _ = flights.join("a", None)
    flights.join("a", None)
    cancelled: list[str] = []
    flight.cancel = lambda: cancelled.append("yes")
    assert not flights.leave(flight, None)
    assert cancelled == []  # somebody still waits
    assert not flights.leave(flight, None)
    assert cancelled == ["yes"]
    assert flights.join("a", None)[1]  # a new one leads
    assert not flights.land(flight, "too late")


def test_whoever_leaves_after_the_landing_has_the_result_unless_it_came_too_late() -> None:
    flights: Flights[str] = Flights()
    early = time.monotonic() - 1
    flight, _ = flights.join("a", early)
    flights.join("a", time.monotonic() + 60)
    assert flights.land(flight, "result")
    assert not flights.leave(flight, early)
    assert flights.leave(flight, time.monotonic() + 60)


def test_a_result_is_late_when_it_comes_after_everybodys_deadline() -> None:
    flights: Flights[str] = Flights()
    flight, _ = flights.join(None, time.monotonic() - 1)
    assert not flight.is_in_time()
    assert not flights.land(flight, "result")
