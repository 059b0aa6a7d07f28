"""What others send to end this process: the request to terminate, and the terminal that is gone.

Both mean what Ctrl-C means, so they end as it does: whatever is under way is left as an exception, its folder says
`interrupted`, and the command to go on is printed. Nothing depends on that being done. A process that is killed at
once leaves the same files, for they are moved into place whole, and a lock that nobody holds.

Python makes an exception of a signal between two of its instructions, so a process that waits for another one inside
of a library hears nothing, for half an hour if the other never comes. What watches it from a thread then ends it.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Windows has no SIGHUP."""

SECONDS_OF_ONE = 0.5
"""A second signal this soon is the same request: `timeout` and schedulers send it to a process and to its group."""


SECONDS_TO_HEAR = 5.0
"""How long a process that waits for another one may stay in one instruction after a signal."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end.

    Attributes:
        signum: the number of the signal.
    """

    def __init__(self, signum: int) -> None:
        super().__init__()
        self.signum = signum


def exit_status(interrupt: KeyboardInterrupt) -> int:
    """128 and the number of the signal, as shells have it."""
    return 128 + (interrupt.signum if isinstance(interrupt, Terminated) else signal.SIGINT)


@contextmanager
def ending_by_exception() -> Iterator[None]:
    """Raises `Terminated` where a signal would end the process; a second one ends it at once.

    A signal that is ignored, as `nohup` has it, stays ignored. Only the main thread can change any of this.
    """
    mine = [signum for signum in ENDING if signal.getsignal(signum) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        mine = []
    handler = _Handler()
    for signum in mine:
        signal.signal(signum, handler)
    try:
        yield
    finally:
        for signum in mine:
            signal.signal(signum, signal.SIG_DFL)


def end_with_parent() -> None:
    """Ends this process, from a thread, soon after the one that started it: nobody else would end its waiting."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_OF_ONE)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def ending_though_waiting() -> Iterator[None]:
    """Ends the process at a signal to end that finds it in a call that does not come back.

    Only the main thread can change what becomes of signals.
    """
    main = threading.current_thread()
    if main is not threading.main_thread():
        yield
        return
    heard, tells = socket.socketpair()
    tells.setblocking(False)
    before = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    watcher = threading.Thread(target=_end_if_it_stays, args=(heard, main.ident), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        tells.close()
        watcher.join()
        heard.close()


def _end_if_it_stays(heard: socket.socket, thread: int) -> None:
    """Ends the process if the thread does not move after a signal that is heard; returns when no more can be."""

    def place() -> tuple[FrameType, int]:
        frame = sys._current_frames()[thread]
        return frame, frame.f_lasti

    while told := heard.recv(1):
        signum, where, until = told[0], place(), time.monotonic() + SECONDS_TO_HEAR
        while signum in (signal.SIGINT, *ENDING) and place() == where:
            if time.monotonic() > until:
                sys.stderr.write("ended at once: this process waits for another one and hears nothing\n")
                sys.stderr.flush()
                os._exit(128 + signum)
            time.sleep(0.1)


@contextmanager
def interrupts_unwrapped() -> Iterator[None]:
    """Raises the interrupt where a library made an error of its own of it, as an import in C does that is under way."""
    try:
        yield
    except Exception as error:
        if interrupt := _interrupt_behind(error):
            raise interrupt from None
        raise


def _interrupt_behind(error: BaseException | None) -> KeyboardInterrupt | None:
    seen: set[int] = set()  # some libraries raise an error from itself
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return error
        seen.add(id(error))
        error = error.__cause__
    return None


class _Handler:
    """Raises at the first signal and lets the next one through."""

    def __init__(self) -> None:
        self.first: float | None = None

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.first is None:
            self.first = now
            raise Terminated(signum)
        if now - self.first > SECONDS_OF_ONE:
            signal.signal(signum, signal.SIG_DFL)
            signal.raise_signal(signum)
