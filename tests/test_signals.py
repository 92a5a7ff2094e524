"""Handlers of signals that hold for a while."""

import os
import signal

import pytest

from fileq import signals


def test_a_signal_is_handled_within_and_as_before_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    came = []
    with signals.handled({"SIGTERM": lambda number, _: came.append(number)}):
        os.kill(os.getpid(), signal.SIGTERM)
    assert came == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_error_within_leaves_no_handler_behind():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), signals.handled({"SIGINT": lambda *_: None}):
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is before


def test_a_signal_that_the_platform_does_not_have_is_passed_over(monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP")
    with signals.handled({"SIGHUP": lambda *_: None}):
        assert not hasattr(signal, "SIGHUP")
