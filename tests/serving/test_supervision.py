import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from serving.supervision import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, SOUND_SECONDS, Child, stop_all

SLEEPER = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-S",
    "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def child_of(command: list[str], clock: Clock | None = None) -> Iterator[Child]:
    child = Child("child", command, dict(os.environ), clock or Clock())
    try:
        yield child
    finally:
        stop_all([child], 0.1)


def end(child: Child) -> int:
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    return child.process.pid


def is_up(child: Child) -> bool:
    return child.process is not None


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_ended_comes_back_after_a_pause_that_grows() -> None:
    clock = Clock()
    with child_of(SLEEPER, clock) as child:
        child.revive()
        pauses = []
        for _ in range(8):
            end(child)
            child.revive()
            assert not is_up(child)
            begun = clock.now
            while not is_up(child):
                clock.now += 0.5
                child.revive()
            pauses.append(clock.now - begun)
        assert pauses[:4] == [FIRST_PAUSE_SECONDS * 2**power for power in range(4)]
        assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_a_child_that_ran_soundly_comes_back_soon() -> None:
    clock = Clock()
    with child_of(SLEEPER, clock) as child:
        child.revive()
        for _ in range(3):
            clock.now += SOUND_SECONDS
            end(child)
            child.revive()
            clock.now += FIRST_PAUSE_SECONDS
            child.revive()
            assert is_up(child)


def test_a_running_child_is_left_alone() -> None:
    with child_of(SLEEPER) as child:
        child.revive()
        first = child.process
        child.revive()
        assert child.process is first


def test_all_end_together() -> None:
    with child_of(SLEEPER) as one, child_of(SLEEPER) as two:
        one.start()
        two.start()
        stop_all([one, two], 10.0)
        assert (one.returncode(), two.returncode()) == (-signal.SIGTERM, -signal.SIGTERM)


def test_who_does_not_listen_is_killed() -> None:
    with child_of(STUBBORN) as child:
        child.start()
        time.sleep(0.3)
        stop_all([child], 0.3)
        assert child.returncode() in {-signal.SIGKILL, -signal.SIGTERM}


def test_what_never_started_can_be_stopped() -> None:
    with child_of(SLEEPER) as child:
        stop_all([child])
        assert child.returncode() is None


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word to children is Linux's own")
def test_children_end_with_a_parent_that_is_killed() -> None:
    program = (
        "import os, sys, time\n"
        "from serving.supervision import Child\n"
        "child = Child('child', [sys.executable, '-S', '-c', 'import time; time.sleep(60)'], dict(os.environ))\n"
        "child.start()\n"
        "print(child.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    for _ in range(100):
        if not is_running(pid):
            break
        time.sleep(0.05)
    assert not is_running(pid)
