import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.errors import InputError
from amager_eval.indicators.arguments import plain, real, real_scalar, vector, whole_number


def test_missing_values_of_every_kind_become_nan():
    assert np.isnan(real("a", pd.Series([1, None], dtype="Int64"))[1])
    assert np.isnan(real("a", [1.0, None])[1])
    assert np.isnan(real("a", None))
    assert np.isnan(real("a", pd.array([1, None], dtype="Int64"))[1])


def test_labelled_arrays_are_taken():
    assert real("a", xr.DataArray([1, 2], dims="wave")).tolist() == [1.0, 2.0]


def test_limits_are_said():
    with pytest.raises(InputError, match="share must lie between 0 and 1"):
        real("share", 1.2, at_least=0, at_most=1)
    with pytest.raises(InputError, match="weight must lie above 0 and below 1"):
        real("weight", 1, above=0, below=1)
    with pytest.raises(InputError, match="at position 2"):
        real("x", [0, 0, -1], at_least=0)


def test_scalars_and_vectors():
    with pytest.raises(InputError, match="level must be one number"):
        real_scalar("level", [0.9, 0.95])
    with pytest.raises(InputError, match="one number"):
        real_scalar("level", float("nan"))
    with pytest.raises(InputError, match="sequence of 3"):
        vector("ns", [1, 2], length=3)
    assert vector("ns", 300, length=2).tolist() == [300, 300]
    assert type(plain(np.array(1.0))) is float
    assert whole_number("decimals", 2.0, at_least=0, at_most=6) == 2
    with pytest.raises(InputError, match=r"decimals must be a whole number; found '1.5'"):
        whole_number("decimals", 1.5, at_least=0, at_most=6)
