"""Do the Amager districts reach Copenhagen's level by wave 2028? Probabilities, prior beside.

Run: python3 -m uv run python analyses/q3_copenhagen_level_2028.py

`--refit` also fits without the transcribed figures (source grade C) and with a third answer whose
width differs between areas: minutes each.
"""

import argparse
from dataclasses import replace

import pandas as pd

import amager_eval as ae
from amager_eval.evaluation.ask import ask
from amager_eval.evaluation.fit import fit
from amager_eval.goals.safety.quantities import safety_quantities
from amager_eval.goals.safety.stated_claims import stated_claims
from amager_eval.spec.sensitivity import load_sensitivity
from amager_eval.trends.safety.alternatives import with_area_varying_link, without_grades
from amager_eval.trends.safety.fit import design_safety
from amager_eval.trends.safety.link import link_check
from amager_eval.trends.safety.narrowing import expected_narrowing

READINGS = ("reaches_whole", "within_2_points", "shortfall_smaller", "rises_every_year")
#: Respondents in a district whose worth is asked.
SAMPLES = (150, 300, 600, 1200)


def main() -> None:
    """Fit the safety model to the published figures and print what it says of 2028."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--refit", action="store_true", help="fit again under other assumptions")
    parser.add_argument("--draws", type=int, help="per chain, for a trial; gates are not asked")
    options = parser.parse_args()
    agreement, data = ae.load_agreement(), ae.published()
    if data.safety is None:
        raise ae.InputError("the safety figures are missing")
    year = int(data.safety["wave"].max())
    data = replace(data, crime=None)
    fits = fit(data, agreement, draws=options.draws)
    if fits.problems and options.draws is None:
        raise ae.GateError(fits.problems)
    assert fits.safety is not None
    answers = ask(data, agreement, year, fits)
    assert answers.safety is not None

    areas, target = agreement.areas.indicators, agreement.safety.target_wave
    frame = answers.safety_quantities[target]
    shown = frame[frame["area"].isin(areas) & frame["quantity"].isin(READINGS)]
    print(f"Probabilities at wave {target}; the districts are indicators, not the agreement's area")
    print(shown.round(3).to_string(index=False))

    bands = answers.safety.to_frame()
    chosen = bands[
        bands["area"].isin([*areas, agreement.areas.whole])
        & (bands["period"] == target)
        & (bands["quantity"] == "true")
    ]
    print(f"\nTrue shares at wave {target}: median and 50/80/95 % intervals")
    print(chosen.round(3).to_string(index=False))

    print("\nThe response link, on every cell published in both answers; it was in the fit")
    print(link_check(fits.safety).round(3).to_string(index=False))

    baseline = agreement.safety.baseline_wave
    print("\nWorsenings the agreement claims, without and with its word as evidence")
    print(stated_claims(data, answers.safety, agreement).round(3).to_string(index=False))

    print(
        f"\nWidth of the 80 % band at wave {target} if n respondents were asked in wave {year + 1}"
    )
    worth = [
        {"area": area, "setting": setting, "n": n}
        | expected_narrowing(
            fits.safety,
            answers.safety,
            area=area,
            setting=setting,
            wave=year + 1,
            n=n,
            target=target,
        )
        for area in areas
        for setting in ("neighbourhood", "night")
        for n in SAMPLES
    ]
    print(pd.DataFrame(worth).round(3).to_string(index=False))

    if options.refit:
        link = load_sensitivity().safety.response_link
        varying = with_area_varying_link(fits.safety.spec, sd=link.sd, reason=link.reason)
        own = fits.safety.spec
        design = design_safety(data, population=None, whole=None, spec=own, parts=None)
        others = {
            "without grade C": without_grades(design, own, ("C",), draws=options.draws),
            "link varies": ae.fit_safety(data, spec=varying, draws=options.draws),
        }
        for name, other in others.items():
            found = safety_quantities(
                other.forecast(target),
                whole=agreement.areas.whole,
                baseline=baseline,
                target=target,
            )
            shown = found[found["area"].isin(areas) & found["quantity"].isin(READINGS)]
            passed = "passed its gates" if other.diagnostics.passed else other.diagnostics.problems
            print(f"\n{name} ({passed})")
            print(shown.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
