"""Is reported crime held at its 2024 level? København from StatBank, and a supplied series.

Without arguments: København's quarterly counts by type (STRAF11), and its total under three
assumptions: made of its types, modelled itself, and modelled itself with the growing share of
offences without municipality put back. With an input folder or workbook: the same tables for
every area of the one definition named, which is then the goal's own: the verdict by the letter
for the latest year, against 2024 and against the mean of 2022-24, beside the probabilities. Whether
crime moved next door is shown for the agreement's area where its districts and the whole have
reports too, and for four areas (or several, separated by ;) that are named.

Run: python3 -m uv run python analyses/q2_crime_trends.py [--input PATH --definition NAME]
         [--area A --control B --next-door C --next-door-control D]
"""

import argparse
import json
import sys
from collections.abc import Hashable
from dataclasses import replace

import pandas as pd

import amager_eval as ae
from amager_eval.data.period import parse_period
from amager_eval.goals.crime.changes import type_contributions, yearly_changes
from amager_eval.goals.crime.displacement import Places, displacement, places_of_agreement
from amager_eval.goals.crime.quantities import crime_quantities, guard_label
from amager_eval.goals.verdict import literal_verdict
from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.trends.crime.control import control_chart
from amager_eval.trends.crime.options import crime_options
from amager_eval.wording.numbers import number

AGREEMENT = ae.load_agreement()
BASELINE, TARGET = AGREEMENT.crime.baseline_year, AGREEMENT.crime.target_year
GUARD = guard_label(AGREEMENT.crime.guard_years)
#: Types that are followed and have no goal: they get signals, no verdict.
MONITORED = [t.id for t in AGREEMENT.crime.type if t.role == "monitored"]
#: What is at most a limit by the letter, in the latest year: said in the municipality's words.
LETTER = {
    "literal_at_or_below_baseline": "ordlyd mod 2024",
    f"literal_at_or_below_{GUARD}": "ordlyd mod snit",
}
#: Near the baseline, as the agreement draws the margin; nothing where it draws none.
MARGIN = AGREEMENT.crime.margin
NEAR = (
    {f"probability_true_at_or_below_{100 * MARGIN:g}": f"P(højst +{100 * (MARGIN - 1):g} %)"}
    if MARGIN is not None
    else {}
)
COLUMNS = {
    "observed_baseline": "anmeldt 2024",
    f"observed_{GUARD}": "snit 2022-24",
    "observed_latest_year": "seneste år",
    "observed_latest": "anmeldt da",
    **LETTER,
    "true_baseline": "niveau 2024",
    "true_target": "niveau 2028",
    "true_low_95": "fra",
    "true_high_95": "til",
    "probability_true_at_or_below": "P(højst 2024)",
    "prior_probability_true_at_or_below": "P før serien",
    f"probability_true_at_or_below_{GUARD}": "P(højst snit)",
    **NEAR,
    "probability_observed_at_or_below": "P(anmeldt højst)",
    "probability_true_every_year": "P(hvert år)",
}
#: The published rate of the latest year over 2024's, as Poisson counts; and an area's level over
#: that of the rest of the whole.
RATIOS = {
    "rate_ratio_exact": "rate over 2024",
    "rate_ratio_exact_low_95": "fra",
    "rate_ratio_exact_high_95": "til",
    "rate_ratio_exact_p_value": "p",
    "rate_ratio_to_rest_baseline": "mod resten 2024",
    "rate_ratio_to_rest_baseline_low_95": "fra",
    "rate_ratio_to_rest_baseline_high_95": "til",
    "rate_ratio_to_rest": "mod resten 2028",
    "rate_ratio_to_rest_low_95": "fra",
    "rate_ratio_to_rest_high_95": "til",
    "probability_closer_to_rest": "P(nærmere resten)",
}
PARTS = {"local": "her", "displacement": "ved siden af", "total": "i alt"}
MOVED = {
    "crime_type": "type",
    "year": "år",
    "part": "hvor",
    "estimate": "ændring",
    "low_95": "fra",
    "high_95": "til",
    "p_value": "p",
}


def show(title: str, table: pd.DataFrame) -> None:
    """Print a finding."""
    print(f"\n{title}\n{'-' * len(title)}")
    print(table.to_string(float_format=lambda v: number(v, 2)))


def with_options(spec: ModelSpec, **changes: dict[str, object]) -> ModelSpec:
    """Return the spec with keys of its option tables replaced."""
    options = {k: {**v, **changes[k]} if k in changes else v for k, v in spec.options.items()}
    return spec.model_copy(update={"options": options})


def goal_table(forecast: ae.Forecast, form: str) -> pd.DataFrame:
    """One row per area and type: by the letter, the forecast, the probabilities of holding it.

    A noisy 2024 makes the goal easy or hard by luck: the mean of the guard years stands beside it.
    """
    crime = AGREEMENT.crime
    frame = crime_quantities(
        forecast, baseline=BASELINE, target=TARGET, guard=crime.guard_years, margin=crime.margin
    )
    chosen = frame[(frame["year"] == TARGET) & (frame["form"] == form)]
    wide = chosen.pivot_table(
        index=["area", "crime_type"], columns="quantity", values="value", sort=False, dropna=False
    ).reindex(columns=list(COLUMNS))
    wide["observed_latest_year"] = wide["observed_latest_year"].astype("Int64").astype(str)
    types = wide.index.get_level_values("crime_type")
    for name in LETTER:
        wide[name] = [
            "" if kind in MONITORED else literal_verdict(None if pd.isna(v) else v == 1)
            for kind, v in zip(types, wide[name], strict=True)
        ]
    return wide.rename(columns=COLUMNS)


def ratio_table(forecast: ae.Forecast) -> pd.DataFrame:
    """One row per area and type: the rate against 2024's, and against that of the rest."""
    frame = crime_quantities(forecast, baseline=BASELINE, target=TARGET)
    chosen = frame[(frame["year"] == TARGET) & frame["quantity"].isin(list(RATIOS))]
    wide = chosen.pivot_table(
        index=["area", "crime_type"], columns="quantity", values="value", sort=False
    )
    return wide[[name for name in RATIOS if name in wide]].rename(columns=RATIOS)


def sensitivity(data: ae.Input, definition: str | None, spec: ModelSpec) -> pd.DataFrame:
    """Rate of the total and the probability of holding it, by how the total is modelled."""
    nested = spec.options["total"]["nested"].get(definition or "", ())
    itself = with_options(spec, total={"nested": {}})
    variants = {"for sig": (data, itself)}
    statbank = AGREEMENT.crime.statbank
    # the offences without an area are counted by Statistics Denmark's definition alone
    if statbank is not None and definition == statbank.table:
        first = crime_options(spec).completeness.first_year
        complete = with_options(spec, completeness={"apply": True})
        later = since(data, definition, first)
        name = "for sig, fuldstændighed korrigeret"
        if later is not data:  # how complete the years before were is not known
            variants[f"for sig, fra {first}"] = (later, itself)
            name = f"for sig, fra {first}, fuldstændighed korrigeret"
        if first <= BASELINE:
            variants[name] = (later, complete)
    if nested:
        variants = {"rest + typer": (data, spec), **variants}
    rows: dict[tuple[Hashable, str], pd.Series[float]] = {}
    for name, (figures, variant) in variants.items():
        fit = ae.fit_crime(figures, definition=definition, spec=variant)
        if not fit.diagnostics.passed:
            sys.exit(f"{name}: " + "; ".join(fit.diagnostics.problems))
        table = goal_table(fit.forecast(until(fit)), "rate")
        total = table.xs(spec.options["total"]["type"], level="crime_type")
        rows |= {(area, name): row for area, row in total.iterrows()}
    return pd.DataFrame(rows).T.sort_index(level=0, sort_remaining=False)


def since(data: ae.Input, definition: str, year: int) -> ae.Input:
    """Leave out the reports of a definition before a year; the input itself where there is none."""
    crime = data.crime
    assert crime is not None
    early = (crime["definition"] == definition) & crime["period"].map(
        lambda p: parse_period(p).year < year
    )
    return replace(data, crime=crime[~early]) if early.any() else data


def until(fit: ae.Fit) -> int | str:
    """Give the last period of the target year, as the fit counts time."""
    unit = {1: "", 4: "K4", 12: "M12"}[int(fit.data["design"].attrs["per_year"])]
    return f"{TARGET}{unit}" if unit else TARGET


def report(
    data: ae.Input,
    definition: str | None,
    spec: ModelSpec,
    title: str,
    places: Places | None = None,
) -> ae.Fit:
    """Fit, print the gates and the tables; a fit that fails its gates prints no number."""
    fit = ae.fit_crime(data, definition=definition, spec=spec)
    d = fit.diagnostics
    print(
        f"\n{title} ({definition}): {d.divergences} divergences, R-hat {d.max_rhat:.3f}, "
        f"ESS {d.min_ess:.0f}"
    )
    if not d.passed:
        sys.exit("The fit did not pass its gates: " + "; ".join(d.problems))
    left_out = json.loads(fit.data["design"].attrs["counts_left_out"])
    if left_out:  # a part of each is missing in its period
        columns = ["område", "type", "periode"]
        show(f"{title}, tal der ikke kunne bruges", pd.DataFrame(left_out, columns=columns))
    forecast = fit.forecast(until(fit))
    show(f"{title}, anmeldelser per 1.000 indbyggere om året", goal_table(forecast, "rate"))
    show(f"{title}, antal anmeldelser om året", goal_table(forecast, "count"))
    ratios = ratio_table(forecast)
    if len(ratios):
        show(f"{title}, rate mod {BASELINE} (senest anmeldt) og mod resten (niveau)", ratios)
    contributions = type_contributions(forecast, baseline=BASELINE, target=TARGET)
    contributions = contributions[contributions["year"] == TARGET]
    if len(contributions):
        show(f"{title}, bidrag til ændringen i antal {BASELINE}-{TARGET}", contributions)
    changes = yearly_changes(forecast).query("form == 'rate'")
    show(f"{title}, ændring fra år til år i niveauet per 1.000", changes)
    chart = control_chart(fit, crime_types=MONITORED)
    if len(chart):
        signals = chart.query("signal != ''")
        heading = f"{title}, fulgte typer: perioder uden for den almindelige variation"
        if len(signals):
            show(heading, signals)
        else:
            last = chart["period"].iloc[-1]
            print(f"\n{heading}\n{'-' * len(heading)}\nIngen signaler til og med {last}.")
    places = places or places_of_agreement(AGREEMENT, list(forecast.draws["area"].values))
    if places is not None:
        moved = displacement(forecast, places, baseline=BASELINE)
        moved["part"] = moved["part"].map(PARTS)
        table = moved[list(MOVED)].rename(columns=MOVED)
        show(f"{title}, flyttede anmeldelserne sig? Ændring per 1.000 siden {BASELINE}", table)
    return fit


def main() -> None:
    """Answer the question for København, or for a supplied input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", help="folder of CSV files or a workbook")
    parser.add_argument("--definition", help="definition of crime in it, such as borgervendt")
    names = ("area", "control", "next_door", "next_door_control")
    for name in names:
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, help="area, or several separated by ;")
    arguments = parser.parse_args()
    given = [getattr(arguments, name) for name in names]
    if any(given) and not all(given):
        parser.error("displacement needs --area, --control, --next-door and --next-door-control")
    places = Places(*(dict.fromkeys(g.split(";"), 1) for g in given)) if all(given) else None
    spec = load_model_spec("crime_trend")
    if arguments.input:
        data = ae.read_input(arguments.input)
        mark = "SYNTETISK " if data.synthetic else ""
        title = f"{mark}{data.name}"
        fit = report(data, arguments.definition, spec, title, places)
        if data.crime is not None and spec.options["total"]["type"] in set(
            data.crime["crime_type"]
        ):
            # an input of one definition need not name it: the fit knows which it was
            definition = str(fit.data["design"].attrs["definition"]) or None
            table = sensitivity(data, definition, spec)
            show(f"{title}, den samlede rate efter antagelse", table)
        return
    data = ae.published()
    report(data, "STRAF11", spec, "København")
    show("København, den samlede rate efter antagelse", sensitivity(data, "STRAF11", spec))
    print("\nKilde: Danmarks Statistik, statistikbanken.dk/STRAF11. Anmeldelser er ikke en")
    print("stikprøve: intervallerne beskriver almindelig variation fra år til år.")


if __name__ == "__main__":
    try:
        main()
    except ae.AmagerEvalError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
