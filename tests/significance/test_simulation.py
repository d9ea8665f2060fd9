"""Coverage and false positives of every interval and test.

Where the distribution of the data can be written down, rates are computed exactly by summing
over all outcomes (no Monte-Carlo error); the rest is simulated with a stated error. Run as a
script it writes docs/significance_simulation.md:

    python tests/significance/test_simulation.py
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, poisson

from amager_eval import significance as sg

pytestmark = pytest.mark.slow

SIZES = (50, 100, 300, 1000, 4000)
SHARES = (0.5, 0.7, 0.84, 0.9, 0.97)
DEFFS = (1.0, 1.5)
ALPHA = 0.05
DRAWS = 20_000


@cache
def answers(n: int, share: float, deff: float) -> tuple[np.ndarray, np.ndarray]:
    """Counts and their probabilities; deff 1.5: half of the respondents answer in pairs.

    n/2 single respondents and n/4 pairs who give the same answer have the variance
    n/2 pq + 4 n/4 pq = 1.5 n pq, exactly.
    """
    if deff == 1.0:
        mass = binom.pmf(np.arange(n + 1), n, share)
    else:
        pairs = n // 4
        doubled = np.zeros(2 * pairs + 1)
        doubled[::2] = binom.pmf(np.arange(pairs + 1), pairs, share)
        singles = n - 2 * pairs
        mass = np.convolve(binom.pmf(np.arange(singles + 1), singles, share), doubled)
    kept = np.flatnonzero(mass > 1e-12)
    return kept.astype(float), mass[kept]


def two_groups(n1, p1, n2, p2, deff):
    x1, m1 = answers(n1, p1, deff)
    x2, m2 = answers(n2, p2, deff)
    return x1[:, None], x2[None, :], m1[:, None] * m2[None, :]


def one_share() -> pd.DataFrame:
    """Coverage of the intervals of one share."""
    rows = []
    for deff in DEFFS:
        for n in SIZES:
            for p in SHARES:
                x, mass = answers(n, p, deff)
                row = {"deff": deff, "n": n, "share": p}
                for method in ("wilson", "clopper-pearson", "jeffreys"):
                    s = sg.share(x, n, deff=deff, method=method)
                    row[method] = mass[(s.low <= p) & (p <= s.high)].sum()
                rows.append(row)
    return pd.DataFrame(rows)


def change() -> pd.DataFrame:
    """False positives of the score test, and coverage of each interval, without a change."""
    rows = []
    for deff in DEFFS:
        for n in SIZES:
            for p in SHARES:
                x1, x2, mass = two_groups(n, p, n, p, deff)
                row = {"deff": deff, "n": n, "share": p}
                for method in ("wald", "agresti-caffo", "newcombe"):
                    d = sg.difference(x1, n, x2, n, deff=deff, method=method)
                    if method == "newcombe":
                        row["score z"] = mass[d.significant].sum()
                        row["disagree"] = mass[~d.agrees].sum()
                    row[method] = mass[(d.low <= 0) & (d.high >= 0)].sum()
                # the duals cover 0 exactly when their z does not reject
                total = 2 * n / deff
                corrected = d.z * np.sqrt((total - 1) / total)
                row["mee"] = 1 - row["score z"]
                row["miettinen-nurminen"] = mass[np.abs(corrected) <= 1.959963984540054].sum()
                rows.append(row)
    return pd.DataFrame(rows)


def unequal_change() -> pd.DataFrame:
    """Coverage under a true difference of 5 points, groups of different size."""
    rows = []
    for n1, n2 in ((50, 300), (300, 300), (300, 1000)):
        for p1, p2 in ((0.84, 0.89), (0.70, 0.75), (0.92, 0.97)):
            x1, x2, mass = two_groups(n1, p1, n2, p2, 1.0)
            row = {"n1": n1, "n2": n2, "share 1": p1, "share 2": p2}
            for method in ("newcombe", "miettinen-nurminen", "mee", "agresti-caffo", "wald"):
                d = sg.difference(x1, n1, x2, n2, method=method)
                row[method] = mass[(d.low <= p1 - p2) & (p1 - p2 <= d.high)].sum()
            rows.append(row)
    return pd.DataFrame(rows)


def part_and_whole() -> pd.DataFrame:
    """False positives of part against whole, W = 1/13, without a difference; and the naive test."""
    rows = []
    weight = 1 / 13
    for deff in DEFFS:
        for n in (50, 100, 300):
            for p in SHARES:
                n_rest = 12 * n
                x1, x2, mass = two_groups(n, p, n_rest, p, deff)
                part, rest = x1 / n, x2 / n_rest
                whole = weight * part + (1 - weight) * rest
                c = sg.part_versus_whole(part, n, whole, 13 * n, weight=weight, deff=deff)
                naive = sg.difference(x1 + 0 * x2, n, x1 + x2, 13 * n, deff=deff, method="wald")
                score = sg.difference(x1, n, x2, n_rest, deff=deff)
                rows.append(
                    {
                        "deff": deff,
                        "n part": n,
                        "share": p,
                        "part against whole": mass[c.significant].sum(),
                        "as if independent": mass[naive.significant].sum(),
                        "part against rest, score": mass[score.significant].sum(),
                    }
                )
    return pd.DataFrame(rows)


def margins() -> pd.DataFrame:
    """Size of non-inferiority and equivalence tests at a true difference equal to the margin."""
    rows = []
    for deff in DEFFS:
        for n in (100, 300, 1000):
            for p in (0.7, 0.84, 0.9):
                x1, x2, mass = two_groups(n, p - 0.05, n, p, deff)
                row = {"deff": deff, "n": n, "share 2": p}
                for method in ("farrington-manning", "miettinen-nurminen", "wald"):
                    t = sg.non_inferiority(x1, n, x2, n, margin=0.05, deff=deff, method=method)
                    row[method] = mass[t.non_inferior].sum()
                rows.append(row)
    return pd.DataFrame(rows)


def rates() -> pd.DataFrame:
    """Coverage of the rate intervals, false positives of the rate ratios, Poisson counts."""
    rows = []
    for mu in (5.0, 20.0, 65.0, 310.0, 1250.0):
        counts = np.arange(poisson.ppf(1e-12, mu), poisson.ppf(1 - 1e-12, mu) + 1)
        mass = poisson.pmf(counts, mu)
        row = {"expected": mu}
        for method in ("auto", "byar", "exact"):
            r = sg.rate(counts, 1, per=1, method=method)
            row[f"rate, {method}"] = mass[(r.low <= mu) & (mu <= r.high)].sum()
        both = mass[:, None] * mass[None, :]
        for method in ("central", "mid-p", "score"):
            if method == "mid-p" and mu > 400:
                continue  # the search for its limits is slow on so many tables
            r = sg.rate_ratio(counts[:, None], 1, counts[None, :], 1, method=method)
            row[f"ratio, {method}"] = both[r.significant].sum()
        hold = sg.rate_non_inferiority(counts[:, None], 1, counts[None, :], 1)
        row["hold at ratio 1"] = both[hold.non_inferior].sum()
        rows.append(row)
    return pd.DataFrame(rows)


def overdispersed_rates(seed: int = 5) -> pd.DataFrame:
    """False positives of rate ratios when counts vary twice as much as Poisson."""
    rng = np.random.default_rng(seed)
    rows = []
    for mu in (65.0, 310.0):
        counts = rng.negative_binomial(mu, 0.5, (2, DRAWS))  # variance 2 mu
        row = {"expected": mu, "true dispersion": 2.0}
        for name, phi in (("dispersion ignored", 1.0), ("dispersion given", 2.0)):
            r = sg.rate_ratio(counts[0], 1, counts[1], 1, dispersion=phi)
            row[name] = np.mean(r.significant)
        rows.append(row)
    return pd.DataFrame(rows)


def trends(draws: int = 1000, seed: int = 11) -> pd.DataFrame:
    """False positives of the trend tests over 2014 to 2024, without a drift."""
    rng = np.random.default_rng(seed)
    years = np.arange(2014, 2025)
    rows = []
    for n in (300, 4000):
        for walk in (0.0, 0.05):
            rejected = dict.fromkeys(("cochran-armitage", "independent", "walk"), 0)
            for _ in range(draws):
                eta = np.log(0.84 / 0.16) + np.cumsum(rng.normal(0, walk, len(years)))
                p_true = 1 / (1 + np.exp(-eta))
                x = rng.binomial(n, p_true)
                p = x / n
                variance = np.maximum(p * (1 - p), 0.5 / n) / n
                rejected["cochran-armitage"] += (
                    sg.trend(x, np.full(len(x), n), years).p_value < ALPHA
                )
                for effects in ("independent", "walk"):
                    t = sg.random_effects_trend(p, variance, years, effects=effects)
                    rejected[effects] += t.p_value < ALPHA
            rows.append({"n": n, "walk sd": walk} | {k: v / draws for k, v in rejected.items()})
    return pd.DataFrame(rows).rename(
        columns={"independent": "random effects", "walk": "random walk with drift"}
    )


def changes_of_two(seed: int = 3) -> pd.DataFrame:
    """False positives of the difference in change, district against rest, no difference."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in (50, 300):
        for p in (0.7, 0.84, 0.97):
            x = [rng.binomial(m, p, DRAWS) for m in (n, n, 12 * n, 12 * n)]
            c = sg.difference_in_change(x[0], n, x[1], n, x[2], 12 * n, x[3], 12 * n)
            rows.append({"n": n, "share": p, "difference in change": np.mean(c.significant)})
    return pd.DataFrame(rows)


def microdata(draws: int = 1500, seed: int = 9) -> pd.DataFrame:
    """Coverage of weighted shares from stratified samples of a synthetic city."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in (100, 300):
        for p in (0.7, 0.84, 0.97):
            covered = dict.fromkeys(("logit", "beta", "mean"), 0)
            false = 0
            strata = np.repeat(np.arange(4), n)
            for _ in range(draws):
                weights = rng.gamma(3, size=4 * n) * (1 + strata)
                y = rng.binomial(1, p, 4 * n).astype(float)
                inside = strata == 0
                for method in covered:
                    s = sg.weighted_share(y, weights, domain=inside, strata=strata, method=method)
                    covered[method] += s.low <= p <= s.high
                c = sg.weighted_part_versus_whole(y, weights, inside, strata=strata)
                false += bool(c.difference.significant)
            row = {"n": n, "share": p} | {k: v / draws for k, v in covered.items()}
            rows.append(row | {"part against whole, rejected": false / draws})
    return pd.DataFrame(rows)


def primary_family(seed: int = 7) -> pd.DataFrame:
    """Chance of any false finding in the declared primary family, without any change.

    Change since 2024 in the safe share, day and night, in the two indicator districts: four
    tests, day and night correlated because the same people answer both.
    """
    rng = np.random.default_rng(seed)
    day, night = np.array([0.84, 0.91]), np.array([0.70, 0.82])
    rows = []
    for deff in DEFFS:
        for n in (100, 300):
            counts = np.empty((2, 2, 2, DRAWS))  # wave, district, setting
            for wave in range(2):
                for district in range(2):
                    # whoever is safe at night is safe by day: the strongest dependence there is
                    only_day = day[district] - night[district]
                    split = [night[district], only_day, 1 - day[district]]
                    pairs = n // 4 if deff > 1 else 0
                    both = rng.multinomial(n - 2 * pairs, split, DRAWS)
                    both = both + 2 * rng.multinomial(pairs, split, DRAWS)
                    counts[wave, district, 0] = both[:, 0] + both[:, 1]
                    counts[wave, district, 1] = both[:, 0]
            d = sg.difference(counts[1], n, counts[0], n, deff=deff)
            p = np.asarray(d.p_value).reshape(4, DRAWS)
            holm = np.array([sg.adjust(column).min() for column in p.T])
            rows.append(
                {
                    "deff": deff,
                    "n": n,
                    "unadjusted": np.mean(p.min(axis=0) < ALPHA),
                    "holm": np.mean(holm < ALPHA),
                }
            )
    return pd.DataFrame(rows)


# ------------------------------------------------------------------ what must hold


def test_wilson_covers_on_average_and_never_badly_where_there_are_answers():
    table = one_share()
    for deff in DEFFS:
        chosen = table[(table["deff"] == deff)]
        assert chosen["wilson"].mean() == pytest.approx(0.95, abs=0.01)
    assert (table.loc[table["deff"] == 1, "clopper-pearson"] >= 0.95 - 1e-9).all()
    expected = table["n"] * (1 - table["share"]) / table["deff"]
    assert (table.loc[expected >= 5, "wilson"] > 0.925).all()


def test_the_score_test_keeps_its_size():
    table = change()
    expected = table["n"] * (1 - table["share"]) / table["deff"]
    enough = table[expected >= 10]
    assert enough["score z"].between(0.04, 0.06).all()
    # with few answers it turns conservative, not liberal
    assert (table["score z"] < 0.062).all()
    assert (table["newcombe"] > 0.94).all()
    assert (table["wald"] < 0.95).any()
    assert (table["disagree"] < 0.04).all()


def test_intervals_cover_a_true_difference():
    table = unequal_change()
    for method in ("newcombe", "miettinen-nurminen", "mee"):
        assert table[method].between(0.935, 0.975).all(), method


def test_part_against_whole_keeps_its_size_and_the_naive_test_is_too_cautious():
    table = part_and_whole()
    enough = table["n part"] * (1 - table["share"]) / table["deff"] >= 20
    assert table.loc[enough, "part against whole"].between(0.042, 0.062).all()
    expected = table["n part"] * (1 - table["share"]) / table["deff"]
    assert table.loc[expected >= 10, "part against rest, score"].between(0.04, 0.065).all()
    assert (table.loc[enough, "as if independent"] < table.loc[enough, "part against whole"]).all()


def test_margins_keep_their_size():
    table = margins()
    for method in ("farrington-manning", "miettinen-nurminen"):
        assert table[method].between(0.035, 0.06).all(), method


def test_exact_rate_methods_never_exceed_their_level():
    table = rates()
    assert (table["rate, exact"] >= 0.95 - 1e-9).all()
    assert (table["rate, auto"] >= 0.945).all()
    assert (table["ratio, central"] <= ALPHA + 1e-9).all()
    assert (table["hold at ratio 1"] <= ALPHA + 1e-9).all()
    spread = overdispersed_rates()
    assert (spread["dispersion ignored"] > 0.1).all()
    assert spread["dispersion given"].between(0.025, 0.055).all()


def test_trends_under_a_walk():
    table = trends(draws=600)
    error = 3 * np.sqrt(0.05 * 0.95 / 600)
    flat = table[table["walk sd"] == 0]
    assert (flat["cochran-armitage"] < 0.05 + error).all()
    wandering = table[(table["walk sd"] > 0) & (table["n"] == 4000)].iloc[0]
    assert wandering["cochran-armitage"] > 0.4
    assert wandering["random walk with drift"] < wandering["random effects"]
    assert wandering["random walk with drift"] < 0.2


def test_family_and_difference_in_change_and_microdata():
    family = primary_family()
    error = 3 * np.sqrt(0.05 * 0.95 / DRAWS)
    assert (family["holm"] < 0.05 + error).all()
    assert (family["unadjusted"] > 0.1).all()
    two = changes_of_two()
    assert (two["difference in change"] < 0.05 + error).all()
    weighted = microdata(draws=500)
    error = 3 * np.sqrt(0.05 * 0.95 / 500)
    enough = weighted["share"] < 0.9
    assert (weighted.loc[enough, "logit"] > 0.95 - error - 0.01).all()


# ------------------------------------------------------------------ the document


SECTIONS = (
    (
        "One share: coverage of the 95 % interval (exact)",
        one_share,
        "Wilson is on average at its level and dips where few respondents give the rare answer; "
        "Clopper-Pearson is known to be conservative.",
    ),
    (
        "Change between two waves without a change (exact)",
        change,
        "`score z`: how often the test that decides finds a change (nominal .05). `disagree`: how "
        "often test and Newcombe interval differ. The other columns: how often the interval holds "
        "0 (nominal .95). Newcombe and Agresti-Caffo are known to be conservative where few give "
        "the rare answer; Wald is known to be too narrow there and is never used by default.",
    ),
    (
        "A true difference of 5 points: coverage (exact, deff 1)",
        unequal_change,
        "How often the interval holds the true difference (nominal .95).",
    ),
    (
        "Part against whole without a difference: how often it is found (exact)",
        part_and_whole,
        "W = 1/13. Taking part and whole for independent finds too little, and too much where few "
        "give the rare answer. There (below about 20 expected in the part) part against whole is "
        "cautious, and the score test (`difference`, last column) between the part and the rest "
        "is nearer its level.",
    ),
    (
        "Non-inferiority with a margin of 5 points, at the margin: how often it is claimed (exact)",
        margins,
        "Nominal .05. The size of the equivalence test (two such tests) is no larger.",
    ),
    (
        "Rates (exact, Poisson counts)",
        rates,
        "`rate`: coverage. `ratio`: how often two equal rates are found different. `hold`: how "
        "often equal rates are claimed to be lower. Exact methods are known to be conservative.",
    ),
    (
        "Rate ratio when counts vary more than Poisson (simulated)",
        overdispersed_rates,
        f"{DRAWS} pairs of negative-binomial counts, Monte-Carlo error .0015 at .05. Exact "
        "(central) test.",
    ),
    (
        "Trend over 2014 to 2024 without a drift: how often it is found (simulated)",
        trends,
        "Share .84, 1,000 series, Monte-Carlo error .007 at .05. `walk sd`: yearly standard "
        "deviation on the logit scale. Cochran-Armitage tests sampling noise only; independent "
        "random effects do not cure a walk; the walk with drift comes nearest and still finds too "
        "much in precise waves: eleven of them hardly tell a walk from noise. No trend test here "
        "replaces the model that says what a walk can do.",
    ),
    (
        "Difference in change without one (simulated)",
        changes_of_two,
        f"District n, rest 12 n; {DRAWS} draws, Monte-Carlo error .0015. Conservative where few "
        "give the rare answer.",
    ),
    (
        "Weighted microdata (simulated)",
        microdata,
        "Four strata of a synthetic city, gamma weights (Kish design effect 1.33); 1,500 samples, "
        "Monte-Carlo error .006. Columns: coverage of the intervals of a district's share, and how "
        "often part against whole is found different without a difference.",
    ),
    (
        "The primary family without any change: chance of any finding (simulated)",
        primary_family,
        f"Four tests; {DRAWS} draws, Monte-Carlo error .0015. Day and night are as dependent as "
        "they can be, which makes Holm conservative.",
    ),
)


def markdown(table: pd.DataFrame) -> str:
    """A table as markdown: probabilities with three decimals, everything else as it is."""
    keys = {"deff", "n", "n1", "n2", "n part", "share", "share 1", "share 2", "expected"}
    keys |= {"walk sd", "true dispersion"}
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---:|" * len(table.columns)]
    for row in table.to_dict(orient="records"):
        cells = [f"{v:g}" if k in keys else "" if v != v else f"{v:.3f}" for k, v in row.items()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write docs/significance_simulation.md."""
    out = [
        "# Coverage and false positives of the significance tests",
        "",
        "Written by `python tests/significance/test_simulation.py`; do not edit. All data here are",
        "synthetic. Exact tables sum over every possible outcome and have no Monte-Carlo error;",
        "a design effect of 1.5 is half of the respondents answering in pairs.",
        "The session `slow` asserts the main statements.",
    ]
    for title, make, remark in SECTIONS:
        out += ["", f"## {title}", "", remark, "", markdown(make())]
        print(title, file=sys.stderr)
    path = Path(__file__).parents[2] / "docs" / "significance_simulation.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(out) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
