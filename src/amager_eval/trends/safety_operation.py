"""The likelihood as one PyTensor operation, so that the declared PyMC model can be evaluated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch import basic as dispatch

from amager_eval.trends.safety_likelihood import INPUTS, log_likelihood

__all__ = ["FiguresLikelihood"]

_funcify: Any = dispatch.register_funcify_default_op_cache_key  # only partly typed


class FiguresLikelihood(Op):
    """Log-likelihood of all figures, with its derivatives as further outputs.

    Inputs, named in :data:`INPUTS`: `safe, unsafe, inverse` (share a wave estimates, and design
    effect over respondents, of every latent cell, flattened); `cell` (figure cell to latent cell)
    and `grid` (whole cell, part); `linear` (cell, 2, 3) from shares to first and second figure;
    `single, double` (positions of the cells with one and two figures); what
    :func:`~amager_eval.trends.safety_cells.observe` gives; `weight, loose` (part) and `rounding`.
    Outputs: log-likelihood, and its derivative by `safe`, `unsafe` and `inverse`.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Any:
        """Check the number of inputs and name the outputs."""
        if len(inputs) != len(INPUTS):
            raise TypeError(f"{len(INPUTS)} inputs expected, {len(inputs)} given")
        tensors = [pytensor.tensor.as_tensor_variable(x) for x in inputs]
        outputs = [pytensor.tensor.dscalar(), *(t.type() for t in tensors[:3])]
        return Apply(self, tensors, outputs)

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:  # noqa: ARG002
        """Compute outside compiled graphs."""
        for storage, value in zip(outputs, log_likelihood(*inputs), strict=True):
            storage[0] = np.asarray(value)

    def infer_shape(self, node: Any, shapes: Any) -> Any:  # noqa: ARG002
        """Give derivatives the shape of what they are taken by."""
        return [(), *shapes[:3]]

    def connection_pattern(self, node: Any) -> list[list[bool]]:  # noqa: ARG002
        """Connect the log-likelihood with the first three inputs, and nothing else."""
        return [[k < 3, False, False, False] for k in range(len(INPUTS))]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Multiply the derivatives by what follows."""
        derivatives = [cotangents[0] * d for d in outputs[1:4]]
        return derivatives + [DisconnectedType()() for _ in inputs[3:]]


def _compiled(op: FiguresLikelihood, node: Any, **_: Any) -> tuple[Any, int]:  # noqa: ARG001
    """Hand PyTensor the compiled function; the number is to be raised when the code changes."""
    return log_likelihood, 2


_funcify(FiguresLikelihood)(_compiled)
