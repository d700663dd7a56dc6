"""Rows of weights times rows of activations, straight from the format in which the weights lie in memory.

Takes arrays and which part of the result to compute; writes float32. Writing one token reads every weight once, so its
time is that of the memory: weights that are exact in bf16 are read as 16 bits, or as int8 with a scale for each group,
and widened in registers. The code is given to LLVM as vectors of eight lanes, so that a sum is always added up in the
same order, whatever is computed beside it: a row's result does not depend on its batch, to the last bit. Knows nothing
of layers.
"""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils as untyped
from numba.extending import intrinsic
from numpy.typing import NDArray

from thymos.adapters.weights import cache_dir

Floats = NDArray[np.float32]
Codes = NDArray[Any]  # float32; uint16, the upper half of a float32 (bf16); or int8, to be multiplied by scales
Function = TypeVar("Function", bound=Callable[..., Any])

LANES = 8
_NEAR = 6144  # activations that stay in a core's nearest memory (24 of 32 KB) while rows of weights pass
_BLOCK = 64  # rows of weights that pass before the next activations: they stay in the memory behind it
SUMS = 4  # vectors added up side by side: an addition takes four cycles, and two can begin in each

_COMPILED = ("products.py", "step.py", "team.py")
_FLOAT, _INT, _INDEX = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
cgutils: Any = untyped


def compiled(function: Function) -> Function:
    """Compile with numba when first called and keep the result on disk; other threads run while such a function does.

    Without leave to add up in another order: LLVM would take it differently for different batches.
    """
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, str(_kept())
    try:  # where the result is kept is settled here
        return cast(Function, njit(nogil=True, cache=True, error_model="numpy")(function))
    finally:
        config.CACHE_DIR = before


@functools.cache
def _kept() -> Path:
    """Return the folder of what these sources compile to: numba looks at a function's own file alone."""
    digest = hashlib.sha256()
    for name in _COMPILED:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return cache_dir() / "numba" / digest.hexdigest()[:16]


def _block(tokens: int) -> Any:
    """Return a function that multiplies so many rows of activations by one row of weights.

    One row at a time, since processors fetch ahead along one stream better than along several. Its arguments:
    activations (tokens, in), codes (out, in), scales (out, groups), result (tokens, out), first token, row.
    """

    def typed(_: Any, x: Any, codes: Any, scales: Any, out: Any, token: Any, row: Any) -> Any:
        return types.void(x, codes, scales, out, types.int64, types.int64), build

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        x, codes, scales, out = (
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(signature.args[:4], given[:4], strict=True)
        )
        token, row = given[4:]
        width, groups, stored = (cgutils.unpack_tuple(builder, each.shape)[1] for each in (codes, scales, out))
        reads = [_row(builder, x.data, token, number, width) for number in range(tokens)]
        at_codes, at_scales = _row(builder, codes.data, row, 0, width), _row(builder, scales.data, row, 0, groups)
        sums = [[_zeros(builder) for _ in range(SUMS)] for _ in range(tokens)]
        size = builder.udiv(width, groups)
        with cgutils.for_range(builder, groups, intp=_INDEX) as group:
            scale = _everywhere(builder, at_scales, group.index) if signature.args[1].dtype == types.int8 else None
            begin = builder.mul(group.index, size)
            end = builder.add(begin, size)
            rest = builder.sub(end, builder.urem(size, ir.Constant(_INDEX, SUMS * LANES)))
            for first, last, vectors in ((begin, rest, SUMS), (rest, end, 1)):
                stride = ir.Constant(_INDEX, vectors * LANES)
                with cgutils.for_range_slice(builder, first, last, stride, _INDEX) as (start, _):
                    for part in range(vectors):
                        column = builder.add(start, ir.Constant(_INDEX, part * LANES))
                        weight = _widen(builder, at_codes, column, signature.args[1].dtype, scale)
                        for pointer, total in zip(reads, sums, strict=True):
                            _add(builder, _load(builder, pointer, column, _VECTOR), weight, total[part])
        for number, parts in enumerate(sums):
            first, second, third, fourth = map(builder.load, parts)
            whole = builder.fadd(builder.fadd(first, third), builder.fadd(second, fourth))
            builder.store(_total(builder, whole), builder.gep(_row(builder, out.data, token, number, stored), [row]))
        return context.get_dummy_value()

    return intrinsic(typed)


def _zeros(builder: Any) -> Any:
    place = cgutils.alloca_once(builder, _VECTOR)
    builder.store(ir.Constant(_VECTOR, [0.0] * LANES), place)
    return place


def _add(builder: Any, read: Any, weight: Any, total: Any) -> None:
    """Add a product to a sum, rounding once where the processor can."""
    add = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(_VECTOR, [_VECTOR] * 3), f"llvm.fmuladd.v{LANES}f32"
    )
    builder.store(builder.call(add, [read, weight, builder.load(total)]), total)


def _row(builder: Any, data: Any, first: Any, number: int, width: Any) -> Any:
    """Return where a row of a two-dimensional array begins."""
    return builder.gep(data, [builder.mul(builder.add(first, ir.Constant(_INDEX, number)), width)])


def _load(builder: Any, pointer: Any, column: Any, kind: Any) -> Any:
    """Read as many neighbours as a vector has lanes."""
    place = builder.bitcast(builder.gep(pointer, [column]), kind.as_pointer())
    return builder.load(place, align=1)


def _widen(builder: Any, pointer: Any, column: Any, dtype: Any, scale: Any) -> Any:
    """Read weights as float32, times the scale where there is one."""
    if dtype == types.float32:
        return _load(builder, pointer, column, _VECTOR)
    bits = _load(builder, pointer, column, ir.VectorType(ir.IntType(dtype.bitwidth), LANES))
    wide = ir.VectorType(_INT, LANES)
    if dtype == types.int8:
        return builder.fmul(builder.sitofp(builder.sext(bits, wide), _VECTOR), scale)
    sixteen = ir.Constant(wide, [16] * LANES)
    return builder.bitcast(builder.shl(builder.zext(bits, wide), sixteen), _VECTOR)


def _everywhere(builder: Any, pointer: Any, index: Any) -> Any:
    """Read one value into all lanes."""
    value = builder.load(builder.gep(pointer, [index]))
    lanes = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(_INT, 0))
    nowhere = ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES)
    return builder.shuffle_vector(lanes, lanes, nowhere)


def _total(builder: Any, vector: Any) -> Any:
    """Add up the lanes, halves first."""
    lanes = [builder.extract_element(vector, ir.Constant(_INT, lane)) for lane in range(LANES)]
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = [builder.fadd(*pair) for pair in zip(lanes[:half], lanes[half:], strict=True)]
    return lanes[0]


_one, _two, _three = (_block(tokens) for tokens in (1, 2, 3))


@compiled
def multiply(x: Floats, tokens: int, codes: Codes, scales: Floats, out: Floats, first: int, last: int) -> None:
    """Multiply activations by some rows of a matrix.

    Args:
        x: (at least `tokens`, in); in is a multiple of `LANES`, and so is a group.
        tokens: rows of x that count.
        codes: the matrix, (out, in).
        scales: (out, groups) where the codes are int8: each group of in / groups columns has its own; else (out, 1).
        out: (at least `tokens`, out), columns `first` up to `last` are written.
        first: row of the matrix.
        last: row of the matrix.
    """
    near = max(1, _NEAR // (3 * x.shape[1])) * 3  # tokens
    for block in range(first, last, _BLOCK):
        for begin in range(0, tokens, near):
            end = min(tokens, begin + near)
            for row in range(block, min(last, block + _BLOCK)):
                token = begin
                while token + 3 <= end:
                    _three(x, codes, scales, out, token, row)
                    token += 3
                if token + 2 == end:
                    _two(x, codes, scales, out, token, row)
                elif token < end:
                    _one(x, codes, scales, out, token, row)
