"""Torch on a processor: the same bytes on every machine that `passk.core.processor` covers, fast.

MKL's products of matrices are the same everywhere only in a mode that runs at a third of the
speed. OpenBLAS's, which numpy brings along, have that property at full speed once their kernel is
chosen. So products of float32 matrices on the processor (forward passes, and both gradients of
each) go to numpy; all else stays with torch. Measured in docs/LOG.md.

Not to be called where bytes matter: `torch.sqrt` (and optimizers that call it: AdamW's `foreach`
and single-tensor forms). It goes to MKL's vector library, which rounds otherwise on other
processors; `sqrt` below does not, nor does AdamW's fused form.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import torch
from torch import Tensor

from passk.core.processor import missing


def make_reproducible() -> None:
    """Prepare this process's torch for a stage: one thread, products by OpenBLAS."""
    torch.set_num_threads(1)  # thread counts change float sums, and so bytes
    route_products()


@cache
def route_products() -> None:
    """Send products of float32 matrices on the processor to OpenBLAS, from now on.

    Warns:
        RuntimeWarning: the process was not pinned, so that its bytes are its processor's own.
    """
    if absent := missing():
        warnings.warn(
            f"float results will hold for this processor alone: {' '.join(absent)} is not set; "
            "call passk.core.processor.pin() before numpy and torch are imported",
            RuntimeWarning,
            stacklevel=2,
        )
    with warnings.catch_warnings():  # torch warns that a kernel of its own is replaced: it is
        warnings.simplefilter("ignore", UserWarning)
        _KERNELS.impl("mm", multiply, "CPU")
        _KERNELS.impl("addmm", add_product, "CPU")


# The kernels stay registered for as long as this object lives.
_KERNELS = torch.library.Library("aten", "IMPL")


def multiply(left: Tensor, right: Tensor) -> Tensor:
    """`torch.mm` on the processor: (m, k) and (k, n) to (m, n)."""
    if left.dtype is not torch.float32:
        return torch.bmm(left[None], right[None])[0]
    if _rows_are_independent:
        return _multiply_by_tiles(left, right)
    out = torch.empty(left.shape[0], right.shape[1])
    np.matmul(_view_as_array(left), _view_as_array(right), out=out.numpy())
    return out


@contextmanager
def keep_rows_independent() -> Iterator[None]:
    """Inside, a row of a product has the same bytes wherever it stands among whatever other rows.

    OpenBLAS picks a micro-kernel by a row's place, and they add up in different orders. Here every
    row takes the same one, for 1.8 times the time of a product; a sampler needs it, training not.
    """
    global _rows_are_independent  # noqa: PLW0603  (kernels take no further argument)
    before, _rows_are_independent = _rows_are_independent, True
    try:
        yield
    finally:
        _rows_are_independent = before


_rows_are_independent = False
_TILE = 8  # rows that one call of OpenBLAS's Haswell kernel treats alike (tested)


def _multiply_by_tiles(left: Tensor, right: Tensor) -> Tensor:
    """A product of `_TILE` rows at a time; the last tile is filled up with zeros."""
    rows = left.shape[0]
    tiles = -(-rows // _TILE)
    filled = torch.nn.functional.pad(left.contiguous(), (0, 0, 0, tiles * _TILE - rows))
    out = torch.empty(tiles, _TILE, right.shape[1])
    np.matmul(
        _view_as_array(filled).reshape(tiles, _TILE, -1), _view_as_array(right), out=out.numpy()
    )
    return out.flatten(0, 1)[:rows]


def add_product(
    added: Tensor, left: Tensor, right: Tensor, beta: float = 1, alpha: float = 1
) -> Tensor:
    """`torch.addmm` on the processor: beta * added + alpha * left @ right."""
    out = multiply(left, right)
    if alpha != 1:
        out.mul_(alpha)
    return out.add_(added, alpha=beta) if beta else out


def _view_as_array(matrix: Tensor) -> np.ndarray:
    """A matrix as numpy sees it; one of its strides is 1, or numpy would not ask OpenBLAS."""
    rows, columns = matrix.stride()
    in_rows = columns == 1 and rows >= matrix.shape[1]
    in_columns = rows == 1 and columns >= matrix.shape[0]
    if not (in_rows or in_columns):
        matrix = matrix.contiguous()
    return matrix.detach().numpy()


def sqrt(values: Tensor) -> Tensor:
    """Square roots, correctly rounded on every processor, which `torch.sqrt` is not."""
    if values.device.type != "cpu":
        return torch.sqrt(values)
    return torch.from_numpy(np.sqrt(values.numpy()))
