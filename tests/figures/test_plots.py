"""Every plot against a baseline image: DejaVu fonts, fixed numbers, a small tolerance.

Run with `--mpl` to compare, with `--mpl-generate-path=tests/figures/baseline` to renew; without
either, each plot is drawn and its labels are checked.
"""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from amager_eval.conventions import LEVELS
from amager_eval.figures.crime_types import CrimeView, plot_crime_type
from amager_eval.figures.ledger import LedgerView, plot_ledger
from amager_eval.figures.part_whole import PartWholeView, plot_part_whole
from amager_eval.figures.partner_activities import ActivitiesView, plot_activities
from amager_eval.figures.probabilities import ProbabilityView, plot_probabilities
from amager_eval.figures.safety_fan import FanView, plot_safety_fan
from amager_eval.figures.safety_history import HistoryView, plot_safety_history
from amager_eval.figures.sensitivity import SensitivityView, plot_sensitivity
from amager_eval.wording.sentences import load_wording

DA = load_wording("da").knowing(whole="København")


def bands(key, periods, start, step, widths):
    frame = pd.DataFrame({key: periods, "median": start + step * np.arange(len(periods))})
    for level, width in zip(LEVELS, widths, strict=True):
        spread = width * (1 + np.arange(len(periods)) / 4)
        frame[f"low_{100 * level:g}"] = frame["median"] - spread
        frame[f"high_{100 * level:g}"] = frame["median"] + spread
    return frame


def history():
    rows = [
        ("Øst", 2024, 0.84, 0.79, 0.88, 311, True, "A"),
        ("Øst", 2025, 0.85, 0.80, 0.89, 311, True, "C"),
        ("Byen", 2023, 0.87, 0.86, 0.88, 4037, False, "A"),
        ("Byen", 2025, 0.88, np.nan, np.nan, np.nan, True, "C"),
    ]
    columns = ["area", "wave", "share", "low", "high", "n", "n_assumed", "grade"]
    frame = pd.DataFrame(rows, columns=columns)
    return HistoryView("Trygge", frame, ("Øst", "Byen"), "Byen", DA)


def fan():
    periods = np.arange(2017, 2029)
    widths = (0.01, 0.02, 0.03)
    own = bands("period", periods, 0.80, 0.004, widths).assign(area="Øst")
    city = bands("period", periods, 0.84, 0.003, widths).assign(area="Byen")
    points = pd.DataFrame(
        [("Øst", 2024, 0.84, "A"), ("Byen", 2024, 0.88, "C")],
        columns=["area", "wave", "share", "grade"],
    )
    both = pd.concat([own, city], ignore_index=True)
    return FanView("Øst", "Øst", "Byen", both, points, 2024, 2028, 0, DA)


def probabilities():
    frame = pd.DataFrame(
        {
            "label": ["Øst, dag", "Øst, nat", "Vest, dag"],
            "probability_true": [0.68, 0.02, np.nan],
            "probability_published": [0.5, 0.0, np.nan],
            "prior_probability_true": [0.45, 0.1, np.nan],
            "failed": False,
        }
    )
    return ProbabilityView("reaches_whole", "Når byen", frame, DA)


def crime():
    levels = bands("year", np.arange(2016, 2029), 9.0, -0.2, (0.2, 0.4, 0.7))
    observed = pd.DataFrame({"year": [2016, 2024, 2025], "rate": [9.4, 7.2, 7.5]})
    return CrimeView("Indbrud", levels, observed, 2024, 2028, DA)


def part_whole():
    rows = [("Øst", "Øst, dag", -3.0, -8.0, 2.0), ("Vest", "Vest, nat", 5.0, 1.0, 9.0)]
    columns = ["area", "label", "estimate", "low", "high"]
    return PartWholeView("Mod byen", pd.DataFrame(rows, columns=columns), ("Øst", "Vest"), DA)


def activities():
    rows = [("Aktive byrum", 4, 3, 0.75), ("i alt", 4, 3, 0.75)]
    columns = ["focus_area", "activities", "with_two_or_more", "share"]
    return ActivitiesView(pd.DataFrame(rows, columns=columns), 0.75, DA)


def ledger():
    frame = pd.DataFrame(
        {
            "label": ["Øst 2026", "Øst 2027"],
            "issued": [2025, 2026],
            "median": [0.85, 0.86],
            "low_80": [0.83, 0.83],
            "high_80": [0.87, 0.89],
            "low_95": [0.81, 0.80],
            "high_95": [0.89, 0.91],
            "observed": [0.90, np.nan],
        }
    )
    return LedgerView(frame, DA)


def sensitivity():
    rows = [
        ("1b Mindst byens niveau", "Øst, nat", "used", 0.40),
        ("1b Mindst byens niveau", "Øst, nat", "driftless", 0.30),
        ("1b Mindst byens niveau", "Øst, nat", "design_effect_high", 0.97),
        ("2b Højst som i 2024", "Indbrud", "used", 0.99),
        ("2b Højst som i 2024", "Indbrud", "near_baseline", 1.0),
    ]
    frame = pd.DataFrame(rows, columns=["group", "label", "alternative", "probability"])
    words = DA.knowing(deff_high="1,6")
    return SensitivityView(frame, (0.05, 0.95), words)


#: Plot, view, and words that must stand on it.
PLOTS = {
    "safety_history": (
        plot_safety_history,
        history,
        ["Øst\n85\u00a0% (C) (2025)", "Byen\n88\u00a0% (C) (2025)"],
    ),
    "safety_fan": (
        plot_safety_fan,
        fan,
        ["Øst 2028: 84\u00a0%", "Byen 2028: 87\u00a0%", "(95\u00a0%: 73–96\u00a0%)", "2028"],
    ),
    "probabilities": (
        plot_probabilities,
        probabilities,
        [
            "70\u00a0%: sandsynligt\noffentliggjort tal: 50\u00a0%",
            "under 5\u00a0%: meget usandsynligt\noffentliggjort tal: under 5\u00a0%",
            "ikke relevant: lå ikke under København i udgangspunktet",
        ],
    ),
    "crime_type": (
        plot_crime_type,
        crime,
        ["udgangspunkt 2024: 7,2", "seneste 2025: 7,5", "skøn 2028: 6,6", "(3,8–9,4)"],
    ),
    "part_whole": (plot_part_whole, part_whole, ["−3 [−8; 2]", "+5 [1; 9]"]),
    "activities": (plot_activities, activities, ["3 af 4 (75\u00a0%)", "mål 75\u00a0%"]),
    "sensitivity": (
        plot_sensitivity,
        sensitivity,
        [
            "enten kan ikke afgøres eller nået (30\u00a0% til over 95\u00a0%)",
            "altid nået (over 95\u00a0%)",
            "50\u00a0%",
        ],
    ),
    "ledger": (
        plot_ledger,
        ledger,
        ["0 af 1 tal kom inden for det interval, prognosen gav (95\u00a0%)"],
    ),
}


def texts(ax):
    found = [t.get_text() for t in ax.texts] + [ax.get_title(loc="left")]
    return found + [t.get_text() for t in (*ax.get_xticklabels(), *ax.get_yticklabels())]


@pytest.mark.parametrize("name", PLOTS)
def test_says_its_numbers_in_danish(name):
    plot, view, wanted = PLOTS[name]
    ax = plot(view())
    assert set(wanted) <= set(texts(ax))


@pytest.mark.parametrize("name", PLOTS)
def test_draws_on_the_axes_it_is_given_and_leaves_the_settings_alone(name):
    plot, view, _ = PLOTS[name]
    before = dict(mpl.rcParams)
    given = Figure().subplots()
    assert plot(view(), given) is given
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.mpl_image_compare(
    baseline_dir="baseline", style="default", tolerance=6, savefig_kwargs={"dpi": 90}
)
def test_looks_as_before(name):
    plot, view, _ = PLOTS[name]
    return plot(view()).figure


def test_an_answer_changes_when_it_crosses_a_limit():
    assert sensitivity().changed == [("1b Mindst byens niveau", "Øst, nat")]


def test_a_rate_axis_begins_at_zero():
    assert plot_crime_type(crime()).get_ylim()[0] == 0


def test_an_unchecked_figure_is_hollow():
    ax = plot_safety_history(history())
    faces = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"]
    assert faces == ["#0072B2", "white"]
