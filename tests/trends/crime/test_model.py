import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.arrays import model_data, unpack
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.model import crime_model
from amager_eval.trends.crime.walk import crime_walk

SPEC = load_model_spec("crime_trend")


def two_areas(late):
    rows = [("City", f"{2022 + i // 4}K{i % 4 + 1}", 400 - 5 * i, 2e4) for i in range(12)]
    rows += [("D", f"{2022 + i // 4}K{i % 4 + 1}", i % 3, 2e3) for i in range(late, 12)]
    frame = pd.DataFrame(rows, columns=["area", "period", "count", "population"])
    return crime_design(frame.assign(crime_type="t"), SPEC, whole="City")


@pytest.mark.parametrize("late", [0, 4])
def test_log_density_is_prior_plus_negative_binomial_of_every_report(late):
    design = two_areas(late)
    data = unpack(model_data(design), design)
    model = crime_model(design)
    density = model.compile_logp(jacobian=False, mode="FAST_COMPILE")

    def by_hand(raw):
        dispersion = (
            np.array([[SPEC.priors[n]["sigma"]] for n in ("dispersion", "dispersion_gap")])
            * raw["dispersion_common"]
            * np.exp(SPEC.priors["dispersion_spread"]["sigma"] * raw["dispersion_raw"])
        )
        squared = dispersion**2 + 1e-8
        of_area = squared[::-1]  # the district stands first, the rest after it
        walk = crime_walk(raw, of_area, data, np.matmul, nested=True)
        log_mu = walk.centre[..., None] + walk.coefficient @ data["walk"] + data["log_exposure"]
        log_mu = log_mu + (raw["effect_raw"] * data["effect_scale"]) @ data["effect_value"]
        own = data["season_gap_scale"] * raw["season_gap_spread"] * raw["season_gap_raw"][0, 0]
        log_mu[0, 0] += own @ data["season_value"]  # the rest has its type's season alone
        mu = np.exp(log_mu)
        alpha = np.broadcast_to(1 / of_area[..., None], mu.shape)
        count = design["count"].values
        seen = ~np.isnan(count)
        of_seen = alpha[seen]
        total = stats.nbinom.logpmf(count[seen], of_seen, of_seen / (of_seen + mu[seen])).sum()
        alpha = 1 / squared[0]
        for t in range(late):  # the city as a whole before the district reports
            both = mu[:, 0, t].sum()
            total += stats.nbinom.logpmf(
                design["lump_count"].values[t], alpha, alpha / (alpha + both)
            )
        squares, *changes = walk.squares
        total += 0.5 * squares.sum() - 0.5 * sum(np.log1p(c).sum() for c in changes)
        for name, value in raw.items():
            half = name == "dispersion_common"
            total += (stats.halfnorm if half else stats.norm).logpdf(value).sum()
        return total

    rng = np.random.default_rng(0)
    differences, values = [], []
    for _ in range(8):
        raw = {v.name: 0.5 * rng.normal(size=v.shape.eval()) for v in model.free_RVs}
        raw["dispersion_common"] = rng.uniform(0.5, 2, size=(2, 1))
        point = dict(raw)
        point["dispersion_common_log__"] = np.log(point.pop("dispersion_common"))
        values.append(by_hand(raw))
        differences.append(float(density(point)) - values[-1])
    assert np.ptp(values) > 2
    assert np.allclose(differences, differences[0], atol=1e-6)


def test_every_array_is_data_of_the_model():
    design = two_areas(0)
    model = crime_model(design)
    assert set(model_data(design)) <= {v.name for v in model.data_vars}
