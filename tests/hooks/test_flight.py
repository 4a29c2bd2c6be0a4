from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref

import pytest

from agentic_commerce.hooks._flight import Flights, Workers


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


def test_in_another_process_the_parents_workers_are_forgotten() -> None:
    workers = Workers(1)
    workers.start(lambda: None)
    wait_until_idle(workers)
    workers._process = -1
    done = threading.Event()
    assert workers.start(done.set)
    assert done.wait(5)
    assert workers._process == os.getpid()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is for POSIX")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_after_a_fork_the_child_starts_workers_of_its_own() -> None:
    workers = Workers(1)
    workers.start(lambda: None)
    wait_until_idle(workers)
    child = os.fork()
    if child == 0:  # pragma: no cover - in another process
        done = threading.Event()
        workers.start(done.set)
        os._exit(0 if done.wait(5) else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_stuck_worker_does_not_keep_the_interpreter_alive() -> None:
    program = (
        "import threading\n"
        "from agentic_commerce.hooks._flight import Workers\n"
        "Workers(1).start(threading.Event().wait)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)  # noqa: S603


def test_equal_keys_share_a_flight_until_it_is_closed() -> None:
    flights: Flights[str] = Flights()
    first, leads = flights.join("a")
    second, follows = flights.join("a")
    other, leads_too = flights.join("b")
    assert (leads, follows, leads_too) == (True, False, True)
    assert first is second is not other
    assert flights.land(first, "result")
    assert flights.join("a") == (first, False)
    flights.close(first)
    assert flights.join("a")[0] is not first


def test_without_a_key_nothing_is_shared() -> None:
    flights: Flights[str] = Flights()
    assert flights.join(None)[0] is not flights.join(None)[0]


def test_a_result_is_late_when_nobody_waits_any_more() -> None:
    flights: Flights[str] = Flights()
    flight, _ = flights.join("a")
    flights.join("a")
    cancelled: list[str] = []
    flight.cancel = lambda: cancelled.append("yes")
    assert not flights.leave(flight)
    assert cancelled == []  # somebody still waits
    assert not flights.leave(flight)
    assert cancelled == ["yes"]
    assert flights.join("a")[1]  # a new one leads
    assert not flights.land(flight, "too late")


def test_whoever_leaves_after_the_landing_has_the_result() -> None:
    flights: Flights[str] = Flights()
    flight, _ = flights.join(None)
    assert flights.land(flight, "result")
    assert flights.leave(flight)
