import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
PEOPLE = pd.read_csv(REFERENCE / "03_survey_microdata.csv")  # synthetic
ORACLE = json.loads((REFERENCE / "03_survey_design.json").read_text())["cases"][
    "svychisq_raoscott_F"
]


def test_agrees_with_survey():
    t = sg.rao_scott_test(
        PEOPLE["safe_day"], PEOPLE["district"] == 1, PEOPLE["w"], strata=PEOPLE["district"]
    )
    expected = [ORACLE["F"], ORACLE["ndf"], ORACLE["ddf"], ORACLE["p"]]
    assert [t.f, t.df1, t.df2, t.p_value] == pytest.approx(expected, abs=1e-8)


def test_equal_weights_are_nearly_pearson():
    district = PEOPLE["district"].clip(upper=4)
    t = sg.rao_scott_test(PEOPLE["safe_day"], district, np.ones(len(PEOPLE)))
    table = pd.crosstab(PEOPLE["safe_day"], district)
    pearson = chi2_contingency(table, correction=False)
    assert t.chi_square == pytest.approx(pearson.statistic, abs=1e-9)
    assert t.p_value == pytest.approx(pearson.pvalue, rel=0.15)


def test_impossible_input():
    with pytest.raises(InputError, match="two or more answers and groups"):
        sg.rao_scott_test([1, 1], ["a", "b"], [1, 1])
    with pytest.raises(InputError, match="every respondent"):
        sg.rao_scott_test([1, np.nan], ["a", "b"], [1, 1])
