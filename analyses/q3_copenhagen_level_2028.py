"""Nås Københavns niveau i 2028? Sandsynligheder med bånd, og hvad flere svar ville gøre.

Figurer og tabeller skrives til build/analyses/q3_copenhagen_level_2028. Kør:
python3 -m uv run python analyses/q3_copenhagen_level_2028.py [MAPPE ELLER PROJEKTMAPPE]
"""

import sys
from dataclasses import replace

import amager_eval as ae
from amager_eval.trends.safety.narrowing import expected_narrowing
from amager_eval.wording.sentences import load_wording

#: Svar i en bydel, hvis værdi der spørges om.
SAMPLES = (150, 300, 600, 1200)


def main() -> None:
    """Fit the survey and write what it says of the target wave."""
    agreement = ae.load_agreement()
    data = ae.read_input(sys.argv[1]) if len(sys.argv) > 1 else ae.published()
    data = replace(data, crime=None, activities=None)
    statement = ae.evaluate(data)
    answer = ae.write_question(
        statement, "copenhagen_level", "build/analyses/q3_copenhagen_level_2028"
    )
    target, fit = agreement.safety.target_wave, ae.fit_safety(data)
    forecast = fit.forecast(target)
    print(f"Bredden af 80 %-båndet i {target}, procentpoint, hvis n blev spurgt næste år:")
    for area in agreement.areas.indicators:
        for setting in agreement.safety.settings:
            widths = [
                expected_narrowing(
                    fit, forecast, area=area, setting=setting, wave=statement.year + 1, n=n,
                    target=target,
                )
                for n in SAMPLES
            ]  # fmt: skip
            said = ", ".join(
                f"n = {n}: {100 * w['width_expected']:.0f}"
                for n, w in zip(SAMPLES, widths, strict=True)
            )
            when = load_wording("da").name("setting_when", setting)
            print(f"  {area} {when}: nu {100 * widths[0]['width_now']:.0f}; {said}")
    print(answer)


if __name__ == "__main__":
    try:
        main()
    except ae.AmagerEvalError as error:
        sys.exit(str(error))
