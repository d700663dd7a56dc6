"""Threads that compute one step together, each its share of the rows, and wait for each other in between.

A step of a small model has two hundred places where everyone must be there before anyone goes on, in ten milliseconds:
waking a sleeping thread each time would cost more than the work. So they spin, as the threads of OpenMP and llama.cpp
do, and offer their processor to others when it takes long. Knows nothing of what is computed.
"""

import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils as untyped
from numba.extending import intrinsic
from numpy.typing import NDArray

_SPINS = 512  # looks at the counter before the processor is offered to others, some microseconds; a power of two
_YIELD = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
_INDEX = ir.IntType(64)
cgutils: Any = untyped


def _meet(_: Any, counter: Any, until: Any) -> Any:
    """Count oneself as here and wait until `until` have been counted; what others wrote before is visible after."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, given[0])
        builder.atomic_rmw("add", array.data, ir.Constant(_INDEX, 1), "seq_cst")
        spins = cgutils.alloca_once_value(builder, ir.Constant(_INDEX, 0))
        look, more, offer, there = map(builder.append_basic_block, ("look", "more", "offer", "there"))
        builder.branch(look)
        builder.position_at_end(look)
        counted = builder.load_atomic(array.data, "acquire", 8)
        builder.cbranch(builder.icmp_signed(">=", counted, given[1]), there, more)
        builder.position_at_end(more)
        spun = builder.add(builder.load(spins), ir.Constant(_INDEX, 1))
        builder.store(spun, spins)
        seldom = builder.icmp_signed("==", builder.and_(spun, ir.Constant(_INDEX, _SPINS - 1)), ir.Constant(_INDEX, 0))
        builder.cbranch(seldom, offer, look)
        builder.position_at_end(offer)
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, _YIELD), [])
        builder.branch(look)
        builder.position_at_end(there)
        return context.get_dummy_value()

    return types.void(counter, types.int64), build


meet: Any = intrinsic(_meet)


class Team:
    """A leader, which is whatever thread calls `run`, and helpers."""

    def __init__(self, size: int) -> None:
        """Start the helpers.

        Args:
            size: threads, the leader among them.
        """
        self.size = size
        self.counter: NDArray[np.int64] = np.zeros(1, np.int64)
        self._work: list[SimpleQueue[Callable[[int], None] | None]] = [SimpleQueue() for _ in range(size - 1)]
        for number, queue in enumerate(self._work, 1):
            threading.Thread(target=_help, args=(number, queue), name=f"thymos-writes-{number}", daemon=True).start()

    def run(self, share: Callable[[int], None]) -> None:
        """Let everyone do a share.

        Args:
            share: takes the number of the thread, the leader's is 0; all shares end with a `meet` of everyone.
        """
        for queue in self._work:
            queue.put(share)
        share(0)

    def close(self) -> None:
        """Let the helpers end."""
        for queue in self._work:
            queue.put(None)


def _help(number: int, queue: "SimpleQueue[Callable[[int], None] | None]") -> None:
    while (share := queue.get()) is not None:
        share(number)
