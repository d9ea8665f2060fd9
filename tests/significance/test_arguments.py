"""Labels, masks and dates, in every public function: joined rightly or refused, never by chance."""

import inspect
from datetime import date

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval import significance as sg
from amager_eval.errors import InputError

AREAS = ["Øst", "Vest", "Syd", "Nord"]
YEARS = [2021.0, 2022.0, 2023.0, 2024.0]
X, N = [3.0, 7.0, 9.0, 4.0], [30.0, 40.0, 50.0, 60.0]
SHARES = [0.2, 0.4, 0.5, 0.3]
TABLE = {"x1": X, "n1": N, "x2": X[::-1], "n2": N}
PEOPLE = {"answers": [1.0, 0.0, 1.0, 0.0], "weights": [1.0, 2.0, 1.5, 1.0]}
EAST = [True, True, False, False]
WAVES = {
    f"{letter}_{wave}": X if letter == "x" else N
    for wave in ("before", "after", "rest_before", "rest_after")
    for letter in "xn"
}
#: Every public function of several arrays: what must be joined, and what else it needs.
CALLS = {
    "share": ({"x": X, "n": N, "deff": [1.0, 1.1, 1.2, 1.3]}, {}),
    "rate": ({"count": X, "exposure": N}, {}),
    "difference": (TABLE | {"deff": [1.0, 1.1, 1.2, 1.3]}, {}),
    "independence_test": (TABLE, {}),
    "equivalence": (TABLE | {"margin": [0.1, 0.2, 0.1, 0.1], "deff": [1.0, 1.1, 1.2, 1.3]}, {}),
    "non_inferiority": (TABLE | {"margin": [0.1, 0.2, 0.1, 0.1]}, {}),
    "exact_share_test": ({"x": X, "n": N, "share": SHARES}, {}),
    "part_versus_whole": (
        {"p_part": SHARES, "n_part": N, "p_whole": [0.3] * 4, "n_whole": [900.0] * 4}
        | {"weight": [0.1, 0.2, 0.1, 0.1], "deff": [1.0, 1.1, 1.2, 1.3]},
        {},
    ),
    "difference_in_change": (WAVES, {}),
    "trend": ({"counts": X, "totals": N, "scores": YEARS}, {}),
    "logit_trend": ({"counts": X, "totals": N, "scores": YEARS}, {}),
    "rank_trend": ({"values": SHARES, "years": YEARS}, {}),
    "random_effects_trend": ({"shares": SHARES, "variances": [0.01] * 4, "years": YEARS}, {}),
    "rate_trend": (
        {"counts": X, "exposures": N, "years": YEARS, "covariate": [0.0, 1.0, 0.5, 0.0]},
        {},
    ),
    "rate_ratio": (
        {"count1": X, "exposure1": N, "count0": X[::-1], "exposure0": N, "dispersion": [1.5] * 4},
        {},
    ),
    "rate_non_inferiority": (
        {"count1": X, "exposure1": N, "count0": X[::-1], "exposure0": N}
        | {"margin_ratio": [1.0, 1.1, 1.2, 1.3]},
        {},
    ),
    "power": ({"share1": SHARES, "share2": [0.6] * 4, "n1": N, "n2": N[::-1]}, {}),
    "respondents_for_power": ({"share1": SHARES, "share2": [0.6] * 4}, {}),
    "smallest_detectable_change": ({"share": SHARES, "n1": N, "n2": N[::-1]}, {}),
    "probability_of_rising_every_year": ({"shares": SHARES, "ns": N}, {}),
    "published_change": (
        {"percent_before": X, "n_before": N, "percent_after": X[::-1], "n_after": N},
        {},
    ),
    "published_part_versus_whole": (
        {"percent_part": X, "n_part": N, "percent_whole": [6.0] * 4, "n_whole": [900.0] * 4}
        | {"weight": [0.1, 0.2, 0.1, 0.1]},
        {},
    ),
    "earlier_share_needed": ({"share_after": SHARES, "n_before": N, "n_after": N[::-1]}, {}),
    "earlier_percent_needed": ({"n_before": N, "n_after": N[::-1]}, {"percent_after": 60}),
    "respondents_needed": ({"share1": SHARES, "share2": [0.6] * 4, "ratio": [1.0] * 4}, {}),
    "weighted_share": (PEOPLE | {"domain": [True] * 4, "strata": list("aabb")}, {}),
    "weighted_shares": (PEOPLE | {"groups": list("aaaa"), "strata": list("aabb")}, {}),
    "share_chart": (
        {"waves": YEARS, "shares": SHARES, "respondents": N},
        {},
    ),
    "funnel": ({"counts": X, "exposures": N}, {}),
    "weighted_difference": (
        PEOPLE | {"group1": EAST, "group2": [not e for e in EAST], "strata": list("aabb")},
        {},
    ),
    "weighted_part_versus_whole": (PEOPLE | {"part": EAST, "strata": list("aabb")}, {}),
    "rao_scott_test": (
        {"answers": [1, 0, 1, 0], "groups": list("aabb"), "weights": [1.0, 2.0, 1.0, 1.0]},
        {},
    ),
}
#: Functions of one array, or of numbers alone.
ALONE = {
    "adjust": {"p_values": [0.1, 0.2, 0.3, 0.4]},
    "kish_design_effect": {"weights": [1.0, 2.0, 1.0, 1.0]},
}
#: Counts per area and group; their labels are tested beside the function.
NO_ARRAYS = {"share_interval", "weighted_displacement_difference", "standardised_rate"}
LABELS = ("strata", "groups", "domain", "part", "group1", "group2")
PAIRS = [
    (name, first, second)
    for name, (arrays, _) in CALLS.items()
    for first in arrays
    for second in arrays
    if list(arrays).index(first) < list(arrays).index(second)
]


def test_every_function_is_here():
    functions = {n for n in sg.__all__ if inspect.isfunction(getattr(sg, n))}
    assert functions == set(CALLS) | set(ALONE) | NO_ARRAYS


@pytest.mark.parametrize(("name", "first", "second"), PAIRS)
def test_other_labels_are_refused_and_the_same_are_taken(name, first, second):
    arrays, rest = CALLS[name]
    one = pd.Series(arrays[first], index=AREAS)
    other = pd.Series(arrays[second], index=AREAS)
    function = getattr(sg, name)
    by_label = function(**arrays | {first: one, second: other}, **rest)
    assert repr(by_label) == repr(function(**arrays, **rest))
    with pytest.raises(InputError, match=f"{first} and {second} have different labels"):
        function(**arrays | {first: one, second: other[::-1]}, **rest)
    renamed = other.rename({"Øst": "Amager Øst"})
    with pytest.raises(InputError, match="different labels; found 'Øst and Amager Øst"):
        function(**arrays | {first: one, second: renamed}, **rest)


def test_two_counts_with_their_exposures_as_the_case_was_found():
    counts = pd.Series([10, 20], index=["Øst", "Vest"])
    people = pd.Series([2000, 1000], index=["Vest", "Øst"])
    with pytest.raises(InputError, match="different labels"):
        sg.rate(counts, people)
    right = sg.rate(counts, people.reindex(counts.index))
    assert right.estimate.tolist() == [10.0, 10.0]


def test_one_value_frames_and_xarray():
    counts = pd.Series(X, index=AREAS)
    whole = pd.Series([30.0], index=["København"])  # one value fits all
    assert sg.share(counts, whole).estimate.tolist() == [0.1, 7 / 30, 0.3, 4 / 30]
    frame = pd.DataFrame({"a": X, "b": X}, index=AREAS)
    sg.share(frame, frame * 3)
    for other in (frame[::-1], frame[["b", "a"]]):
        with pytest.raises(InputError, match="different labels"):
            sg.share(frame, other * 3)
    array = xr.DataArray(X, coords={"area": AREAS}, dims="area")
    sg.share(array, array * 3)
    with pytest.raises(InputError, match="different labels"):
        sg.share(array, array[::-1] * 3)
    with pytest.raises(InputError, match="found 'area and wave'"):
        sg.share(array, xr.DataArray([30.0] * 4, dims="wave"))
    with pytest.raises(InputError, match="different labels"):
        sg.share(counts, array[::-1] * 3)
    with pytest.raises(InputError, match="do not have matching lengths"):
        sg.share(counts, counts[:3])
    pairs = [pd.Series([207, 110], index=[2010, 2012]), pd.Series([318, 308], index=[2012, 2010])]
    with pytest.raises(InputError, match="treated and control have different labels"):
        sg.weighted_displacement_difference(*pairs)


@pytest.mark.parametrize("name", [*CALLS, *ALONE])
def test_masked_is_missing(name):
    arrays, rest = CALLS[name] if name in CALLS else (ALONE[name], {})
    function = getattr(sg, name)
    for argument, value in arrays.items():
        if argument in LABELS or name == "rao_scott_test":
            continue
        masked = np.ma.array(value, mask=[False, True, False, False])
        missing = [np.nan if i == 1 else v for i, v in enumerate(value)]
        by_mask, by_nan = (
            outcome(function, arrays | {argument: v}, rest) for v in (masked, missing)
        )
        assert by_mask == by_nan
        listed = [np.ma.masked if i == 1 else v for i, v in enumerate(value)]
        assert outcome(function, arrays | {argument: listed}, rest) == by_nan


def outcome(function, arrays, rest):
    """What a call gives or says, as text: NaN equals NaN."""
    try:
        return repr(function(**arrays, **rest))
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("name", ["weighted_share", "weighted_difference", "rao_scott_test"])
def test_masked_labels_are_refused(name):
    arrays, _ = CALLS[name]
    for argument in set(arrays) & set(LABELS):
        masked = np.ma.array(arrays[argument], mask=[True, False, False, False])
        with pytest.raises(InputError):
            getattr(sg, name)(**arrays | {argument: masked})
    with pytest.raises(InputError, match="every respondent"):
        sg.rao_scott_test(np.ma.array([1, 0, 1], mask=[1, 0, 0]), list("aab"), [1, 1, 1])


@pytest.mark.parametrize(
    "dates",
    [
        pd.DatetimeIndex(["2021", "2022", "2023", "2024"]),
        pd.Series(pd.to_datetime(["2021", "2022", "2023", "2024"])),
        pd.to_datetime(["2021", "2022", "2023", "2024"], utc=True),
        pd.period_range("2021", periods=4, freq="Y"),
        np.array(["2021", "2022", "2023", "2024"], dtype="datetime64[Y]"),
        [np.datetime64(str(y)) for y in range(2021, 2025)],
        [date(y, 1, 1) for y in range(2021, 2025)],
        pd.Series([date(y, 1, 1) for y in range(2021, 2025)]),
        pd.to_timedelta([1, 2, 3, 4], unit="D"),
    ],
)
@pytest.mark.parametrize(
    ("name", "argument"),
    [(n, a) for n, (arrays, _) in CALLS.items() for a in arrays if a in ("years", "scores")],
)
def test_dates_are_no_years(name, argument, dates):
    arrays, rest = CALLS[name]
    with pytest.raises(InputError, match=f"{argument} must be a number or an array of numbers"):
        getattr(sg, name)(**arrays | {argument: dates}, **rest)


def test_an_index_of_years_is_years():
    arrays, _ = CALLS["trend"]
    index = pd.DatetimeIndex(["2021", "2022", "2023", "2024"]).year
    assert sg.trend(**arrays | {"scores": index}) == sg.trend(**arrays)
    with pytest.raises(InputError, match="dates"):
        sg.share(pd.DatetimeIndex(["2021"]), 10)
    with pytest.raises(InputError, match="complex"):
        sg.share(np.array([1j]), 10)
