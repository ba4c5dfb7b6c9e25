"""Coverage at less than half its price: a tracer slows everything that runs, so it is taken away from what covers nothing new.

What reading the files runs is traced whole; then only what a test itself does, not pytest around it and not the fixtures;
of a property its first examples, and of those not hypothesis that draws them. Asked for by `--sparing` beside `--cov`. A branch that nothing else
reaches is reported as missing, never the other way round.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

EXAMPLES = 25  # of each property


class Sparing:
    """The plugin: holds the tracer of the run while nothing is to be traced."""

    def __init__(self) -> None:
        self._tracer: Any = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        self._tracer = sys.gettrace()
        sys.settrace(None)

    @pytest.hookimpl(trylast=True, wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Iterator[None]:
        property_ = getattr(pyfuncitem.obj, "hypothesis", None)
        if property_ is None:
            with self._traced():
                return (yield)
        whole = property_.inner_test
        property_.inner_test = self._first(whole)
        try:
            return (yield)
        finally:
            property_.inner_test = whole

    def pytest_sessionfinish(self) -> None:
        sys.settrace(self._tracer)  # who put it there takes it away

    @contextmanager
    def _traced(self) -> Iterator[None]:
        sys.settrace(self._tracer)
        try:
            yield
        finally:
            sys.settrace(None)

    def _first(self, test: Callable[..., Any]) -> Callable[..., Any]:
        left = EXAMPLES

        @functools.wraps(test)
        def one(*args: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                return test(*args, **named)
            with self._traced():
                return test(*args, **named)

        return one
