"""Do the Amager districts reach Copenhagen's level by wave 2028? Probabilities, prior beside.

Run: python3 -m uv run python analyses/q3_copenhagen_level_2028.py
"""

import amager_eval as ae
from amager_eval.evaluation import forecast_safety

READINGS = ("reaches_whole", "within_2_points", "shortfall_smaller", "rises_every_year")


def main() -> None:
    """Fit the safety model to the published figures and print what it says of 2028."""
    agreement, data = ae.load_agreement(), ae.published()
    if data.safety is None:
        raise ae.InputError("the safety figures are missing")
    year = int(data.safety["wave"].max())
    forecast, quantities, fit = forecast_safety(data, agreement, year, seed=1)
    if not fit.diagnostics.passed:
        raise ae.GateError(fit.diagnostics.problems)

    frame = quantities[agreement.safety.target_wave]
    areas, target = agreement.areas.indicators, agreement.safety.target_wave
    shown = frame[frame["area"].isin(areas) & frame["quantity"].isin(READINGS)]
    print(f"Probabilities at wave {target}; the districts are indicators, not the agreement's area")
    print(shown.round(3).to_string(index=False))

    bands = forecast.to_frame()
    chosen = bands[
        bands["area"].isin([*areas, agreement.areas.whole])
        & (bands["period"] == target)
        & (bands["quantity"] == "true")
    ]
    print(f"\nTrue shares at wave {target}: median and 50/80/95 % intervals")
    print(chosen.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
