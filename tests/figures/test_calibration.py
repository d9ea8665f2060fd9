"""The calibration figure names what leaves the band and nothing else."""

import pandas as pd

from amager_eval.figures.calibration import CalibrationView, plot_calibration
from amager_eval.wording.sentences import load_wording


def test_only_the_quantity_outside_the_band_is_named() -> None:
    point = [0.25, 0.5, 0.75]
    curves = [
        pd.DataFrame(
            {"quantity": name, "point": point, "difference": away, "low": -0.1, "high": 0.1}
        )
        for name, away in (("path_sd", [0.02, -0.03, 0.01]), ("gap_sd", [0.02, 0.2, 0.01]))
    ]
    view = CalibrationView(pd.concat(curves, ignore_index=True), 200, load_wording("en"))
    ax = plot_calibration(view)
    assert [text.get_text() for text in ax.texts] == ["gap_sd"]
    assert "2 quantities, 200 fits" in ax.get_title(loc="left")
