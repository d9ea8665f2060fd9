"""What is missing stays missing, in every argument and at the ends of the scale."""

from itertools import product

import numpy as np
import pytest

from amager_eval import significance as sg

TABLE = {"x1": (0, 5, 10), "n1": (10,), "x2": (0, 7, 12), "n2": (12,)}
COUNTS = {"count1": (0, 5), "exposure1": (1000,), "count0": (0, 7), "exposure0": (1100,)}
WAVES = {
    f"{letter}_{wave}": (0, 5, 10) if letter == "x" else (10,)
    for wave in ("before", "after", "rest_before", "rest_after")
    for letter in "xn"
}
CALLS = [
    (sg.share, {"x": (0, 5, 10), "n": (10,), "deff": (1.3,)}, ("wilson", "clopper-pearson")),
    (
        sg.difference,
        TABLE | {"deff": (1.3,)},
        ("newcombe", "miettinen-nurminen", "agresti-caffo", "mee", "wald"),
    ),
    (
        sg.equivalence,
        TABLE | {"margin": (0.1,), "deff": (1.3,)},
        ("farrington-manning", "miettinen-nurminen", "wald"),
    ),
    (
        sg.non_inferiority,
        TABLE | {"margin": (0.1,), "deff": (1.3,)},
        ("farrington-manning", "miettinen-nurminen", "wald"),
    ),
    (sg.rate, {"count": (0, 5), "exposure": (1000,)}, ("auto", "byar", "exact")),
    (
        sg.rate_ratio,
        COUNTS | {"dispersion": (1.0,)},
        ("central", "mid-p", "minlike", "score", "wald"),
    ),
    (sg.rate_non_inferiority, COUNTS | {"margin_ratio": (1.05,), "dispersion": (1.0,)}, (None,)),
    (sg.exact_share_test, {"x": (0, 5, 10), "n": (10,), "share": (0.4,)}, (None,)),
    (sg.independence_test, TABLE, ("fisher", "pearson", "yates")),
    (sg.difference_in_change, WAVES, (None,)),
    (
        sg.part_versus_whole,
        {"p_part": (0.0, 0.8, 1.0), "n_part": (9,), "p_whole": (0.9,), "n_whole": (99,)}
        | {"weight": (0.05,), "deff": (1.3,)},
        (None,),
    ),
]
NUMBERS = ("estimate", "low", "high", "z", "p_value", "p_less", "p_greater", "worse_p_value")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("function", "arguments", "method"),
    [(f, a, m) for f, a, methods in CALLS for m in methods],
    ids=lambda v: v if isinstance(v, str) else getattr(v, "__name__", ""),
)
def test_missing_in_missing_out(function, arguments, method):
    options = {"method": method} if method else {}
    cases = [dict(zip(arguments, values, strict=True)) for values in product(*arguments.values())]
    for case in cases[:: max(1, len(cases) // 40)]:
        for name in case:
            some = function(**case | {name: [case[name], np.nan]}, **options)
            alone = function(**case, **options)
            for field in NUMBERS:
                if not hasattr(some, field):
                    continue
                value = getattr(some, field)
                assert value.shape == (2,), field
                assert value[0] == pytest.approx(getattr(alone, field), nan_ok=True), field
                assert np.isnan(value[1]), field
