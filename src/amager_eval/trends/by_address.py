"""Hand a PyMC model to nutpie by the addresses of PyTensor's compiled functions.

`nutpie.compile_pymc_model` compiles both functions a second time into callbacks of its own, in
every process: four fifths of a warm fit. Here a callback of a few lines calls them where they are,
so that what PyTensor has kept on disk is loaded and nothing is compiled anew, whatever the data.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

import numba as numba_package
import numpy as np
import pytensor as pytensor_package
import pytensor.tensor as tensor_package
from numba import types as numba_types
from nutpie.compile_pymc import CompiledPyMCModel, address_as_void_pointer, make_user_data
from pymc.initial_point import make_initial_point_fn
from pymc.pytensorf import join_nonshared_inputs
from pytensor.graph.rewriting.utils import rewrite_graph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import pymc as pm

__all__ = ["addressable", "compile_by_address"]

# not typed
numba: Any = numba_package
types: Any = numba_types
pytensor: Any = pytensor_package
pt: Any = tensor_package

_DOUBLES: Any = types.CPointer(types.double)
_ADDRESSES: Any = types.CPointer(types.uintp)
#: What nutpie calls: size, point, gradient, log-density, data; and size, size, point, values, data.
_DENSITY: Any = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, _ADDRESSES)
_EXPAND: Any = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, _ADDRESSES)


class _Address(numba_types.WrapperAddressProtocol):
    """A compiled function as numba calls one it only has the address of."""

    def __init__(self, function: Any) -> None:
        ((_, compiled),) = function.overloads.items()
        self._compiled = compiled  # kept alive: the address is into its code
        name = compiled.fndesc.llvm_cfunc_wrapper_name
        self._address = compiled.library.get_pointer_to_function(name)

    def __wrapper_address__(self) -> int:
        return int(self._address)

    def signature(self) -> Any:
        signature = self._compiled.signature
        return signature.return_type(*signature.args)


def addressable(model: pm.Model) -> bool:
    """Whether :func:`compile_by_address` knows the model's data: none, or one vector of floats."""
    data = [v.get_value(borrow=True) for v in model.data_vars]
    return not data or (len(data) == 1 and data[0].ndim == 1 and data[0].dtype == np.float64)


def compile_by_address(model: pm.Model) -> CompiledPyMCModel:
    """Compile a PyMC model; only its free variables are kept of a draw.

    Parameters
    ----------
    model : pymc.Model
        An :func:`addressable` one.

    Returns
    -------
    nutpie.CompiledModel
        Its data may be replaced by others of the same length (`.with_data`).
    """
    free = model.free_RVs
    values = [model.rvs_to_values[v] for v in free]
    # a told coordinate starts where the data say it lies, not at its prior's mean
    told: dict[Any, Any] = {v: np.zeros(v.type.shape) for v in free if v.name.endswith("_told")}
    first = make_initial_point_fn(
        model=model, overrides=told, jitter_rvs=set(free), return_transformed=True
    )
    point = first(0)
    shapes = [np.shape(point[v.name]) for v in values]
    density = rewrite_graph(model.logp(), include=["canonicalize", "stabilize"])
    constrained = model.replace_rvs_by_values(
        [v for v in free if model.rvs_to_transforms[v] is not None]
    )
    outputs, joined = join_nonshared_inputs(point, [density, *constrained], values)
    gradient = pt.grad(outputs[0], joined)
    everything = [joined, *(pt.flatten(v) for v in outputs[1:])]
    expanded = pt.concatenate(everything) if len(everything) > 1 else joined
    mode = pytensor.compile.mode.get_mode("NUMBA")
    if not model.check_bounds:  # as PyMC compiles such a model itself
        mode = mode.including("local_remove_check_parameter")
    of_density = pytensor.function([joined], [outputs[0], gradient], mode=mode)
    of_expand = pytensor.function([joined], [expanded], mode=mode)

    shared = list(dict.fromkeys([*of_density.get_shared(), *of_expand.get_shared()]))
    keys = {variable: f"data_{i}" for i, variable in enumerate(shared)}
    data = {keys[v]: np.array(v.get_value(), order="C") for v in shared}
    for array in data.values():
        array.flags.writeable = False
    user_data = make_user_data(keys, data)
    at = np.concatenate([np.ravel(point[v.name]) for v in values])

    def by_address(function: Any) -> Any:
        given = tuple(np.array(data[keys[v]]) for v in function.get_shared())
        function.vm.jit_fn(at, *given)  # compiles, or loads what was kept
        return _called(_Address(function.vm.jit_fn), tuple(len(array) for array in given))

    names = [v.name for v in values]
    extra = [v for v in free if model.rvs_to_transforms[v] is not None]
    names += [v.name for v in extra]
    all_shapes = [*shapes, *(np.shape(point[model.rvs_to_values[v].name]) for v in extra)]
    ends = np.cumsum([int(np.prod(s)) for s in all_shapes])
    slices = [slice(int(e - np.prod(s)), int(e)) for e, s in zip(ends, all_shapes, strict=True)]
    moved = [model.rvs_to_values[v].name for v in extra]
    dims = {k: v for k, v in model.named_vars_to_dims.items() if k in names}

    one_at_a_time = Lock()

    def start(seed: int | None = None) -> Any:
        # chains ask from threads of their own, and a PyTensor function is one set of boxes: two
        # callers at once take each other's seed, or find a box emptied
        with one_at_a_time:
            found = first(seed)
        return np.concatenate([np.ravel(found[n]) for n in names[: len(values)]]).astype(float)

    return CompiledPyMCModel(
        dims=dims,
        reparameterized_names=moved,
        compiled_logp_func=_density_callback(
            by_address(of_density), len(at), sum(map(len, data.values()))
        ),
        compiled_expand_func=_expand_callback(by_address(of_expand), len(at), int(ends[-1])),
        initial_point_func=start,
        shared_data=data,
        shared_var_keys=keys,
        user_data=user_data,
        n_expanded=int(ends[-1]),
        shape_info=(names, slices, all_shapes),
        logp_func=of_density,
        expand_func=of_expand,
        _n_dim=len(at),
        _shapes=dict(zip(names, all_shapes, strict=True)),
        _coords=_coords(model, dims),
    )


def _called(function: Any, lengths: tuple[int, ...]) -> Any:
    """Call a compiled function with a point and, where the model has one, its vector of data."""
    if not lengths:

        def alone(x: Any, _: Any) -> Any:
            return function((x,))

        return numba.njit(alone)
    (length,) = lengths

    def told(x: Any, data_: Any) -> Any:
        # nutpie's record of shared data begins with their addresses
        figures = numba.carray(address_as_void_pointer(data_[0]), (length,), np.float64)
        return function((x, figures))

    return numba.njit(told)


def _coords(model: pm.Model, dims: Mapping[str, Sequence[str]]) -> dict[str, pd.Index]:
    import pandas as pd

    used = {d for of in dims.values() for d in of}
    return {name: pd.Index(model.coords[name]) for name in used}


def _density_callback(evaluate: Any, size: int, length: int) -> Any:
    def density(dim: Any, x_: Any, out_: Any, value_: Any, data_: Any) -> Any:
        # after its address nutpie's record has the vector's length: of another nothing is read
        if dim != size or (length > 0 and data_[1] != length):
            return -1
        x = numba.carray(x_, (size,))
        found, gradient = evaluate(x, data_)
        value_[0] = found[()]
        for i in range(size):
            out_[i] = gradient[i]
        for i in range(size):
            if not np.isfinite(out_[i]):
                return 3
        if not np.isfinite(found[()]):
            return 4
        return 0

    return numba.cfunc(_DENSITY)(density)


def _expand_callback(evaluate: Any, size: int, full: int) -> Any:
    def expand(dim: Any, expanded: Any, x_: Any, out_: Any, data_: Any) -> Any:
        if dim != size or expanded != full:
            return -1
        (values,) = evaluate(numba.carray(x_, (size,)), data_)
        for i in range(full):
            out_[i] = values[i]
        return 0

    return numba.cfunc(_EXPAND)(expand)
