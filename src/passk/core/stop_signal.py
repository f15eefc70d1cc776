"""A long piece of work that is asked to stop ends where it loses nothing, and says so.

A cluster sends SIGUSR1 some time before it takes a node away. Here the signal interrupts nothing:
it waits, and whoever works looks for it where work was just kept (a block of samples, a resume
point). Its children start with the signal held back, too, so that none dies of it.

Example:
    >>> import os
    >>> hold_back()
    >>> is_asked()
    False
    >>> os.kill(os.getpid(), SIGNAL)
    >>> stop_if_asked("block 7")
    Traceback (most recent call last):
    passk.core.stop_signal.Stopped: stopped as asked with block 7 kept; run again to go on
    >>> take_back()
"""

import signal

SIGNAL = signal.SIGUSR1
STOPPED = 75  # exit status of work that was stopped as asked: EX_TEMPFAIL, try again


class Stopped(Exception):  # noqa: N818  (nothing failed)
    """Work was stopped as asked; the message says what is kept."""


def hold_back() -> None:
    """Let the signal wait in this process and its children.

    To be called before the process has other threads: one that does not hold it back would take it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {SIGNAL})


def is_asked() -> bool:
    """Whether the signal came; false where it was never held back, for then it kills."""
    return SIGNAL in signal.sigpending()


def take_back() -> None:
    """Forget a signal that came; it stays held back."""
    if is_asked():
        signal.sigwait({SIGNAL})


def stop_if_asked(kept: str) -> None:
    """End the work if that was asked.

    Args:
        kept: what was kept last, for the message.

    Raises:
        Stopped: it was asked.
    """
    if is_asked():
        raise stopped(kept)


def stopped(kept: str) -> Stopped:
    """What to raise where work ends as asked.

    Args:
        kept: what was kept last, for the message.
    """
    return Stopped(f"stopped as asked with {kept} kept; run again to go on")
