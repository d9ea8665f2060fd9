"""Calibration tells a right posterior from one that is too narrow or off."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest

from amager_eval.errors import InputError
from amager_eval.evidence.document import evidence_path, read_evidence
from amager_eval.evidence.examinations.calibration.calibrate import (
    calibrate,
    judge_forecasts,
    judge_ranks,
    kept_ranks,
    rank_curves,
    summarise_recovery,
)
from amager_eval.evidence.examinations.calibration.calibrations import KINDS
from amager_eval.evidence.studies.replicate import Replicate
from amager_eval.figures.calibration import CalibrationView, save_calibration
from amager_eval.scores.pit import pit_bounds
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.wording.sentences import load_wording


class NormalMean:
    """Mean of a normal with a normal prior: posterior N(y / 2, 1 / 2), and wrong ones beside it."""

    name = "normal_mean"

    def __init__(self) -> None:
        self.replicated = 0

    def replicate(self, seed: int) -> Replicate:
        self.replicated += 1
        rng = np.random.default_rng(seed)
        mean = rng.normal()
        seen = mean + rng.normal()
        right = seen / 2 + np.sqrt(0.5) * rng.normal(size=(2, 200))
        return Replicate(
            truth={"right": mean, "narrow": mean, "shifted": mean},
            draws={
                "right": right,
                "narrow": seen / 2 + 0.6 * (right - seen / 2),
                "shifted": right + 0.35,
            },
            diagnostics=Diagnostics(divergences=0, max_rhat=1.0, min_ess=400.0, problems=()),
            pit=pit_bounds(
                seen / 2 + np.sqrt(1.5) * rng.normal(size=(500, 3)), mean + rng.normal(size=3)
            ),
        )


def test_ranks_of_the_exact_posterior_stay_in_the_band(tmp_path: Path) -> None:
    replicates = calibrate(NormalMean(), fits=200, seed=1, folder=tmp_path).replicates
    judged = judge_ranks(replicates).set_index("quantity")
    assert judged["inside"].to_dict() == {"right": True, "narrow": False, "shifted": False}
    # binomial sd of a coverage of .8 over 200 fits is .028
    assert judged.loc["right", "coverage_80"] == pytest.approx(0.8, abs=0.085)
    assert judged.loc["narrow", "coverage_80"] < 0.7


def test_recovery_shows_the_shift_and_the_closed_form_error(tmp_path: Path) -> None:
    replicates = calibrate(NormalMean(), fits=200, seed=1, folder=tmp_path).replicates
    recovery = summarise_recovery(replicates).set_index("quantity")
    assert abs(recovery.loc["right", "bias"]) < 3 * recovery.loc["right", "bias_se"]
    assert recovery.loc["shifted", "bias"] > 3 * recovery.loc["shifted", "bias_se"]
    assert recovery.loc["right", "rmse"] == pytest.approx(np.sqrt(0.5), rel=0.15)
    assert recovery.loc["right", "correlation"] == pytest.approx(np.sqrt(0.5), abs=0.1)


def test_forecasts_of_the_exact_posterior_hold_what_came(tmp_path: Path) -> None:
    forecasts = calibrate(NormalMean(), fits=200, seed=1, folder=tmp_path).forecasts
    assert len(forecasts) == 600
    judged = judge_forecasts(forecasts)
    assert judged["figures"].tolist() == [600] * 3
    # a 95 % interval is four standard errors wide
    off = (judged["coverage"] - judged["nominal"]).abs()
    assert (off < judged["high"] - judged["low"]).all()
    # three figures of one truth belong together: the interval is wider than a binomial's
    width = (judged["high"] - judged["low"]).iloc[1]
    assert width > 2 * 1.96 * np.sqrt(0.8 * 0.2 / 600)
    wrong = judge_forecasts(
        forecasts.assign(low=lambda f: f["low"] ** 2, high=lambda f: f["high"] ** 2)
    )
    assert (wrong["high"] < wrong["nominal"])[:2].all()


def test_a_stopped_run_continues_where_it_was(tmp_path: Path) -> None:
    study = NormalMean()
    calibrate(study, fits=20, seed=3, folder=tmp_path)
    first = (tmp_path / "normal_mean-3-0000.csv").read_text()
    (tmp_path / "normal_mean-3-0007.csv").unlink()
    calibrate(study, fits=20, seed=3, folder=tmp_path)
    assert study.replicated == 21
    assert (tmp_path / "normal_mean-3-0000.csv").read_text() == first


def test_processes_find_what_one_finds(tmp_path: Path) -> None:
    one = calibrate(NormalMean(), fits=20, seed=3, folder=tmp_path / "one").replicates
    two = calibrate(NormalMean(), fits=20, seed=3, folder=tmp_path / "two", processes=2).replicates
    assert two.drop(columns="seconds").equals(one.drop(columns="seconds"))
    assert one["problems"].isna().all()


def test_too_few_fits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 20 fits, found 5"):
        calibrate(NormalMean(), fits=5, seed=1, folder=tmp_path)


@pytest.mark.parametrize(
    ("model", "ranks"),
    [("safety_trend", "ranks")]
    + [("crime_trend", name.replace("calibration", "ranks")) for name in KINDS],
)
def test_the_stored_figure_shows_the_stored_ranks(model, ranks, tmp_path):
    spec = load_model_spec(model)
    if not evidence_path(model, ranks).is_file():
        # a new version of a model has not been calibrated yet: then the card says so
        card = evidence_path(model, "x").parents[1] / "EVIDENCE.md"
        name = ranks.replace("ranks", "calibration")
        assert f"Not run yet (`{name}`)" in card.read_text(encoding="utf-8")
        return
    kept = read_evidence(spec, ranks)
    calibration = read_evidence(spec, ranks.replace("ranks", "calibration")).to_frame()
    judged = judge_ranks(kept_ranks(kept.to_frame()))
    # ranks are kept with four decimals
    furthest = judged.set_index("quantity")["furthest"]
    assert furthest.to_dict() == pytest.approx(
        calibration.set_index("quantity")["furthest"].to_dict(), abs=6e-3
    )
    if kept.packages["matplotlib"] != matplotlib.__version__:
        pytest.skip("the figure was drawn by another version of Matplotlib")
    view = CalibrationView(
        rank_curves(kept_ranks(kept.to_frame())), kept.settings["fits"], load_wording("en")
    )
    figure = f"{ranks.replace('ranks', 'calibration')}.svg"
    drawn = save_calibration(view, tmp_path / figure)
    assert drawn.read_bytes() == evidence_path(model, "x").with_name(figure).read_bytes()
