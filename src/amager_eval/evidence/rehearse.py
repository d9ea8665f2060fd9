"""How often is a verdict wrong? Many made-up partnerships, judged as a real one would be.

    python -m amager_eval.evidence.rehearse build/rehearsal --partnerships 200

Each partnership is a city whose truth is known: the safety model is refitted to its survey, the
crime model to its yearly reports, and the rooms that judge a real agreement judge it, in the
wave after the baseline and in the target wave. Both models are compiled once. A stopped run
continues: every finished partnership is a file, and only files of the same models count.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from amager_eval.data.synthetic import synthetic_city
from amager_eval.data.synthetic_process import SCENARIOS
from amager_eval.goals.crime import crime_quantities
from amager_eval.goals.crime_results import crime_rows
from amager_eval.goals.results import evaluated_area, safety_rows
from amager_eval.goals.safety import safety_quantities
from amager_eval.goals.verdict import combined
from amager_eval.provenance import sha256_of_bytes
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.model import load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.crime_data import model_data
from amager_eval.trends.crime_design import crime_design
from amager_eval.trends.crime_fit import sample_design
from amager_eval.trends.crime_model import crime_model
from amager_eval.trends.safety_fit import Prepared, design_safety, prepare_safety, sample_safety
from amager_eval.whole_file import whole_file

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.data.synthetic import SyntheticCity
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.model import ModelSpec

__all__ = ["Settings", "main", "rehearse", "small_agreement", "summarise"]

#: Two chains on two cores. A probability near the thresholds .05 and .95 from 2 x 500 draws of
#: each alternative has a Monte-Carlo error of about .007: a verdict can flip only within that.
DRAWS: Final = 500
CHAINS: Final = 2
#: Years of figures before the baseline: fewer than a real evaluation has, and faster.
HISTORY: Final = 6
_KEYS: Final = ("goal", "reading", "setting", "response", "crime_type", "year")


@dataclass(frozen=True)
class Settings:
    """What is rehearsed.

    Parameters
    ----------
    partnerships : int
        How many, spread evenly over the scenarios.
    scenarios : tuple of str
        Of :data:`amager_eval.data.synthetic_process.SCENARIOS`.
    seed : int
        First city's seed; the others follow.
    draws : int
        Kept draws per chain of each run.
    """

    partnerships: int = 200
    scenarios: tuple[str, ...] = tuple(SCENARIOS)
    seed: int = 1
    draws: int = DRAWS

    def cities(self) -> Iterator[tuple[str, int]]:
        """Scenario and seed of every partnership."""
        for k in range(self.partnerships):
            yield self.scenarios[k % len(self.scenarios)], self.seed + k


def small_agreement() -> Agreement:
    """Return the Amager agreement in a city of three districts, which fits in a tenth the time."""
    agreement = load_agreement()
    parts = (*agreement.areas.evaluated.districts, agreement.areas.parts[-1])
    areas = agreement.areas.model_copy(update={"parts": parts, "indicators": ()})
    return agreement.model_copy(update={"areas": areas})


def rehearse(
    folder: Path,
    settings: Settings,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Judge every partnership that is not judged yet.

    Parameters
    ----------
    folder : Path
        One JSON file per finished partnership; made if absent.
    settings : Settings
        What to rehearse.
    progress : callable or None
        Called with (partnerships done, partnerships in all).

    Returns
    -------
    DataFrame
        One row per partnership and judged part of a goal: `scenario, seed`, what it is about,
        `met` (the truth), `literal_verdict, evidence_verdict, probability_true`, `seconds` and
        `passed` of the fits of its partnership.
    """
    folder.mkdir(parents=True, exist_ok=True)
    agreement, identity = small_agreement(), _identity(settings)
    bench: _Bench | None = None
    frames: list[dict[str, Any]] = []
    for k, (scenario, seed) in enumerate(settings.cities()):
        path = folder / f"{scenario}-{seed:05d}.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if kept.get("identity") != identity:
            city = synthetic_city(seed, scenario=scenario, agreement=agreement,
                                  last_wave=agreement.safety.target_wave)  # fmt: skip
            if bench is None:
                bench = _Bench.compiled(city, agreement)
            kept = {"identity": identity} | _judge(bench, city, agreement, scenario, seed, settings)
            with whole_file(path) as unfinished:
                text = json.dumps(kept, ensure_ascii=False, indent=1)
                unfinished.write_text(text, encoding="utf-8")
        more = {name: kept[name] for name in ("seconds", "passed", "divergences")}
        frames += [{"scenario": scenario, "seed": seed} | row | more for row in kept["rows"]]
        if progress is not None:
            progress(k + 1, settings.partnerships)
    return pd.DataFrame(frames)


def summarise(rows: pd.DataFrame, agreement: Agreement) -> pd.DataFrame:
    """Count wrong verdicts per goal, reading, year and scenario.

    Parameters
    ----------
    rows : DataFrame
        From :func:`rehearse`.
    agreement : Agreement
        Which reading is primary.

    Returns
    -------
    DataFrame
        `year, goal, reading, primary, scenario, judged` (parts), `met` (share that is true),
        then shares of the parts: `wrong_reached` (evidence says `nået`, which is false) with its
        standard error, `wrong_not_reached` likewise, `undecided`, `literal_wrong_reached`,
        `literal_wrong_not_reached`, `literal_misleads` (their sum), `literal_open`. Parts of one
        partnership share a city, so the standard error, which takes them as apart, is a floor.
    """
    keys = {(g.id, r.id, r.response) for g in agreement.goal for r in g.reading if r.primary}
    of = zip(rows["goal"], rows["reading"], rows["response"], strict=True)
    primary = [(g, r, None if pd.isna(p) else p) in keys for g, r, p in of]
    found = []
    heads = ["year", "goal", "reading", "primary", "scenario"]
    for head, group in rows.assign(primary=primary).groupby(heads, sort=False):
        met = group["met"].astype(bool)
        shares = {
            "met": met,
            "wrong_reached": (group["evidence_verdict"] == "nået") & ~met,
            "wrong_not_reached": (group["evidence_verdict"] == "ikke nået") & met,
            "undecided": group["evidence_verdict"] == "kan ikke afgøres",
            "literal_wrong_reached": (group["literal_verdict"] == "nået") & ~met,
            "literal_wrong_not_reached": (group["literal_verdict"] == "ikke nået") & met,
            "literal_open": group["literal_verdict"] == "ikke opgjort",
        }
        shares["literal_misleads"] = (
            shares["literal_wrong_reached"] | shares["literal_wrong_not_reached"]
        )
        row: dict[str, Any] = dict(zip(heads, head, strict=True))
        row["judged"] = len(group)
        for name, happened in shares.items():
            row[name] = float(happened.mean())
            if name in {"wrong_reached", "wrong_not_reached"}:
                row[f"{name}_se"] = float(np.sqrt(row[name] * (1 - row[name]) / len(group)))
        found.append(row)
    order = ["year", "goal", "primary", "reading"]
    return pd.DataFrame(found).sort_values(
        order, ascending=[True, True, False, True], kind="stable", ignore_index=True
    )


@dataclass(frozen=True, eq=False)
class _Bench:
    """Both models, compiled for the shape every partnership has."""

    safety: Prepared
    crime: Any
    crime_spec: ModelSpec

    @classmethod
    def compiled(cls, city: SyntheticCity, agreement: Agreement) -> _Bench:
        data, spec = _as_judged(city.data, agreement), load_model_spec("crime_trend")
        design = crime_design(data, spec, definition=agreement.crime.definition)
        return cls(prepare_safety(data), sample.compile_model(crime_model(design)), spec)


def _judge(
    bench: _Bench,
    city: SyntheticCity,
    agreement: Agreement,
    scenario: str,
    seed: int,
    settings: Settings,
) -> dict[str, Any]:
    """Fit one partnership and hold its verdicts against its truth."""
    started, computing = time.perf_counter(), time.process_time()
    target = agreement.safety.target_wave
    years = (agreement.safety.baseline_wave + 1, target)
    sampling: dict[str, Any] = {"draws": settings.draws, "chains": CHAINS, "seed": seed}
    rows: list[dict[str, Any]] = []
    diagnostics = []
    spent = {}
    # a compiled model has one shape: every wave is laid out, those that came later are not kept
    prepared = _refit(bench.safety, _as_judged(city.data, agreement))
    for year in years:
        then = synthetic_city(seed, scenario=scenario, agreement=agreement, last_wave=year).data
        data = _as_judged(then, agreement)
        begun = time.perf_counter()
        keep = np.broadcast_to(
            prepared.design["year"].to_numpy() <= year, prepared.design["low"].shape
        )
        fit = sample_safety(prepared, keep=keep, **sampling)
        diagnostics.append(fit.diagnostics)
        forecast = fit.forecast(target)
        quantities = {
            year: safety_quantities(
                forecast,
                whole=agreement.areas.whole,
                baseline=agreement.safety.baseline_wave,
                target=year,
                areas=[evaluated_area(data, agreement)],
            )
        }
        spent[f"safety_{year}"] = time.perf_counter() - begun
        made = safety_rows(data, agreement, year, forecast, quantities)
        rows += [r for r in made if r["year"] == year]
    begun = time.perf_counter()
    design = crime_design(data, bench.crime_spec, definition=agreement.crime.definition)
    crime = sample_design(
        bench.crime.with_data(**model_data(design)), design, bench.crime_spec, **sampling
    )
    diagnostics.append(crime.diagnostics)
    frame = crime_quantities(
        crime.forecast(agreement.crime.target_year),
        baseline=agreement.crime.baseline_year,
        target=agreement.crime.target_year,
        guard=agreement.crime.guard_years,
        margin=agreement.crime.margin,
    )
    spent["crime"] = time.perf_counter() - begun
    made = crime_rows(data, agreement, target, frame, agreement.crime.definition)
    rows += [r for r in made if r["year"] == target - 1]
    truth = {tuple(t[k] for k in _KEYS): t["met"] for t in city.truth["goals"]}
    return {
        "seconds": spent
        | {
            "all": time.perf_counter() - started,
            # of all cores together: what the run would take on a core of its own
            "all_cores": time.process_time() - computing,
        },
        "passed": all(d.passed for d in diagnostics),
        "divergences": sum(d.divergences for d in diagnostics),
        "rows": [
            {k: r[k] for k in (*_KEYS, "literal_verdict", "evidence_verdict", "probability_true")}
            | {"met": truth[tuple(r[k] for k in _KEYS)]}
            for r in rows
        ],
    }


def _as_judged(data: Input, agreement: Agreement) -> Input:
    """Keep what the goals are about, by year: the agreement's area and types, and the city.

    The area is modelled beside the districts, as an evaluation does it.
    """
    assert data.safety is not None
    assert data.crime is not None
    areas = (evaluated_area(data, agreement), agreement.areas.whole)
    kinds = [t.id for t in agreement.crime.type if t.role != "monitored"]
    crime = data.crime[data.crime["area"].isin(areas) & data.crime["crime_type"].isin(kinds)]
    period = crime["period"].astype(str).str[:4]
    keys = ["area", "crime_type", "definition", "period"]
    yearly = crime.assign(period=period).groupby(keys)["count"].sum().reset_index()
    yearly = yearly[yearly["period"].astype(int) >= agreement.crime.baseline_year - HISTORY]
    safety = data.safety.drop(columns="area_kind")
    safety = safety[safety["wave"] >= agreement.safety.baseline_wave - HISTORY]
    return replace(data, safety=safety, crime=yearly)


def _refit(prepared: Prepared, data: Input) -> Prepared:
    """Give a compiled model another city's figures; what is compiled in must be the same."""
    design = design_safety(data, population=None, whole=None, spec=prepared.spec, parts=None)
    for name in ("n_base", "weight", "deff", "from_wave", "from_area", "from_nothing"):
        if not np.array_equal(design[name], prepared.design[name], equal_nan=True):
            raise AssertionError(
                f"{name} differs between cities: the compiled model would be wrong"
            )
    if not np.array_equal(np.isnan(design["low"]), np.isnan(prepared.design["low"])):
        raise AssertionError("other figures are published: the compiled model would be wrong")
    return replace(prepared, design=design)


def _identity(settings: Settings) -> str:
    """Everything a partnership's verdicts depend on: specs, agreement, code and draws."""
    package = Path(__file__).resolve().parents[1]
    files = [Path(__file__), *package.glob("trends/*.py"), *package.glob("goals/*.py")]
    files += [*package.glob("data/synthetic*.py")]
    code = b"".join(path.read_bytes() for path in sorted(files))
    digests = [load_model_spec(name).digest for name in ("safety_trend", "crime_trend")]
    text = " ".join([*digests, load_agreement().digest, sha256_of_bytes(code), str(settings.draws)])
    return sha256_of_bytes(text.encode())


def with_whole_goals(rows: pd.DataFrame) -> pd.DataFrame:
    """Unite the parts of each goal's reading, as page one does: one row a partnership and goal.

    `met` is whether every part is true.
    """
    keys = ["scenario", "seed", "year", "goal", "reading", "response"]
    united = rows.groupby(keys, dropna=False, sort=False).agg(
        met=("met", "all"),
        literal_verdict=("literal_verdict", lambda v: combined(list(v))),
        evidence_verdict=("evidence_verdict", lambda v: combined(list(v))),
    )
    return united.reset_index()


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the rehearsal and print its tables; CSV files stand beside the partnerships."""
    parser = argparse.ArgumentParser(prog="python -m amager_eval.evidence.rehearse")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--partnerships", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--draws", type=int, default=DRAWS)
    given = parser.parse_args(None if arguments is None else list(arguments))
    settings = Settings(given.partnerships, seed=given.seed, draws=given.draws)

    def report(done: int, total: int) -> None:
        sys.stderr.write(f"{done} of {total}\n")

    agreement = small_agreement()
    rows = rehearse(given.folder, settings, progress=report)
    seconds = pd.DataFrame(rows.drop_duplicates(["scenario", "seed"])["seconds"].tolist())
    for name, table in (
        ("parts", summarise(rows, agreement)),
        ("goals", summarise(with_whole_goals(rows), agreement)),
        ("seconds", seconds.describe().loc[["mean", "min", "max"]].reset_index()),
    ):
        table.to_csv(given.folder / f"{name}.csv", index=False)
        shown = table[table["primary"]] if "primary" in table else table
        sys.stdout.write(f"{name}\n{shown.round(3).to_string(index=False)}\n\n")
    fits = rows.drop_duplicates(["scenario", "seed"])
    sys.stdout.write(
        f"{len(fits)} partnerships; every fit within its gates in {int(fits['passed'].sum())}; "
        f"{int(fits['divergences'].sum())} divergent transitions\n"
    )


if __name__ == "__main__":
    main()
