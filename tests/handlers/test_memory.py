"""Garbage is not looked for while a run builds up its facts, and is again afterwards."""

import gc

import pytest

from budget_guard.handlers.memory import uncollected


def test_collecting_goes_on_after_a_run() -> None:
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_collecting_goes_on_after_a_run_that_failed() -> None:
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled()
