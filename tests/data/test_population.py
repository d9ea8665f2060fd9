import numpy as np
import pandas as pd
import pytest

from amager_eval.data.population import population_at
from amager_eval.errors import InputError


def frame(periods, numbers, area="Nord"):
    return pd.DataFrame({"area": area, "period": periods, "population": numbers})


def test_log_linear_between_dates():
    found = population_at(frame([2020, 2024], [1000, 2000]), "Nord", ["2021", "2022"])
    assert found == pytest.approx(1000 * 2 ** (np.array([1.5, 2.5]) / 4))


def test_order_of_rows_does_not_matter():
    given = frame(["2024", "2020", "2022"], [1300, 1000, 1100])
    ordered = frame(["2020", "2022", "2024"], [1000, 1100, 1300])
    wanted = ["2019", "2021", "2026K2"]
    assert population_at(given, "Nord", wanted) == pytest.approx(
        population_at(ordered, "Nord", wanted)
    )


def test_growth_outside_is_that_of_the_nearest_year():
    # 1 % a year early, 5 % a year late, and a monthly wiggle in the last month
    months = [f"2024M{m:02d}" for m in range(1, 13)] + ["2025M01"]
    level = 1000 * 1.05 ** (np.arange(13) / 12)
    level[11] *= 1.01
    found = population_at(frame(["2022", "2023", *months], [980, 990, *level]), "Nord", ["2026"])
    assert found[0] == pytest.approx(1050 * 1.05**1.5)
    back = population_at(frame(["2022", "2023", *months], [980, 990, *level]), "Nord", ["2021"])
    assert back[0] == pytest.approx(980 * (990 / 980) ** -0.5)


def test_one_date_has_no_growth():
    found = population_at(frame(["2025"], [640]), "Nord", ["2024K1", "2028"])
    assert found.tolist() == pytest.approx([640, 640])


def test_an_area_without_inhabitants_is_an_error():
    with pytest.raises(InputError, match="no population for Syd"):
        population_at(frame(["2025"], [640]), "Syd", ["2025"])
