"""A made-up city whose truth is known, drawn from the kind of process the models assume.

Every row's `source` begins with the mark that makes an input synthetic, so that a single copied
file still says what it is. The areas bear the agreement's names, for only then can the whole
evaluation be run on it; no figure is about the real place.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from amager_eval.data.find_tables import SYNTHETIC_MARK
from amager_eval.data.input import Input
from amager_eval.data.tables.cells import RowContext
from amager_eval.data.tables.frames import check_frame
from amager_eval.errors import Fault, InputError
from amager_eval.evidence.city.crime import REST, TOTAL, draw_crime, draw_population
from amager_eval.evidence.city.process import BASELINE, HORIZON, SCENARIOS, Places, Truth
from amager_eval.evidence.city.safety import draw_safety
from amager_eval.evidence.city.truth import true_readings
from amager_eval.spec.agreement import Agreement, load_agreement

__all__ = ["SyntheticCity", "synthetic_city", "write_synthetic"]

SOURCE: Final = f"{SYNTHETIC_MARK}: opdigtede tal, ikke om noget virkeligt sted"
_WORKBOOK: Final = "syntetisk.xlsx"
_ACTIVITIES: Final = 20

#: True levels of what an agreement is likely to name: logit shares; reports per 1,000 a quarter.
_LEVELS: Final = {"neighbourhood": 1.9, "night": 1.3}
_GAPS: Final = {"neighbourhood": 0.6, "night": 0.4}
_RATES: Final = {
    "indbrud": 0.9,
    "tyveri/røveri": 4.0,
    "vold/våben": 0.8,
    "chikane": 0.15,
    "hærværk": 0.9,
    "narkotika": 1.1,
    "trusler": 0.3,
}
#: Share of a type that the total counts, where not all: weapons are outside it.
_COUNTED: Final = {"vold/våben": 0.85}


@dataclass(frozen=True, eq=False)
class SyntheticCity:
    """A made-up input and what is true of it."""

    #: The five tables; `synthetic` is True.
    data: Input
    #: `synthetic, seed, scenario, note, parameters`; `safety`: rows `area, setting, response,
    #: wave, share` (0 to 1) to wave 2029; `crime`: rows `area, crime_type, period, per_1000,
    #: expected` a quarter to 2028; `activities`: `total, two_or_more_partners`; `goals`: rows
    #: `goal, reading, area, setting, response, crime_type, year, met` of the partnership area.
    truth: dict[str, Any]


def _parameters(scenario: str, agreement: Agreement) -> Truth:
    """Return what is true of the city: known levels by name, others about as high."""
    types = [t.id for t in agreement.crime.type if t.role != "total"] or list(_RATES)
    return Truth(
        level={s: _LEVELS.get(s, 1.6) for s in agreement.safety.settings},
        gap_response={s: _GAPS.get(s, 0.5) for s in agreement.safety.settings},
        rate={k: _RATES.get(k, 1.0) for k in types} | {REST: 2.2},
        counted_in_total={k: _COUNTED[k] for k in types if k in _COUNTED},
        scenario=SCENARIOS.get(scenario),
        # a goal of coming nearer needs an area that lies below the city
        area_gap=-0.5 if scenario in SCENARIOS else None,
    )


def synthetic_city(
    seed: int,
    *,
    last_wave: int = 2026,
    agreement: Agreement | None = None,
    scenario: str = "drawn",
) -> SyntheticCity:
    """Draw a made-up city.

    The same seed is the same city, of which a later wave (2025 to 2029) shows more; reports end
    with the year before the last wave. Names are the agreement's; what it leaves open has a made-up
    one. The scenario is `drawn` (every path wanders, nobody knows where to) or a known answer:
    `nothing_changes`, `goals_met`, `goals_missed`, or `low_baseline` (nothing changes, and 2024's
    published figures are unusually low by bad luck).

    Examples
    --------
    >>> city = synthetic_city(1)
    >>> city.data.synthetic, city.data.missing
    (True, ())
    """
    agreement = load_agreement() if agreement is None else agreement
    _check(scenario, last_wave, agreement)
    rng = np.random.default_rng(seed)
    truth, places = _parameters(scenario, agreement), Places.of(agreement)
    population, inside = draw_population(rng, truth, places)
    safety, rounds, shares = draw_safety(rng, truth, places, last_wave)
    crime, rates = (
        frame.replace({"crime_type": {TOTAL: _total(agreement)}})
        for frame in draw_crime(rng, truth, places, population, inside)
    )
    crime = crime.assign(definition=agreement.crime.definition or "borgervendt")
    crime = crime[crime["period"].str[:4].astype(int) < last_wave].reset_index(drop=True)
    population = population[population["period"] <= last_wave].reset_index(drop=True)
    activities, with_partners = _activities(rng, agreement)
    frames = {
        "safety": safety,
        "survey_rounds": rounds,
        "crime": crime,
        "population": population,
        "activities": activities,
    }
    context = RowContext(definition_required=True)
    checked: dict[str, Any] = {
        name: check_frame(frame.assign(source=SOURCE), name, context, "en")[0].frame
        for name, frame in frames.items()
    }
    data = Input(
        **checked, whole=places.whole, parts=places.parts, synthetic=True, name="Syntetisk by"
    )
    record = {
        "synthetic": True,
        "seed": seed,
        "scenario": scenario,
        "note": SOURCE,
        "parameters": asdict(truth),
        "safety": shares.to_dict(orient="records"),
        "crime": rates.to_dict(orient="records"),
        "activities": {"total": len(activities), "two_or_more_partners": with_partners},
        "goals": true_readings(agreement, places, shares, rates),
    }
    return SyntheticCity(data, record)


def _check(scenario: str, last_wave: int, agreement: Agreement) -> None:
    known = ("drawn", *SCENARIOS)
    if scenario not in known:
        raise InputError(f"no scenario '{scenario}'; known are {', '.join(known)}")
    if not 2025 <= last_wave <= HORIZON:
        raise InputError(f"the city is drawn for waves 2025 to {HORIZON}; found {last_wave}")
    measured = agreement.safety.baseline_wave
    if scenario in SCENARIOS and measured != BASELINE:
        raise InputError(
            Fault(
                f"scenario '{scenario}' is about what happens after {BASELINE}",
                found=f"the agreement {agreement.id} measures from {measured}",
                remedy="Take the scenario 'drawn', whose truth is written for every agreement.",
            )
        )


def _total(agreement: Agreement) -> str:
    return next((t.id for t in agreement.crime.type if t.role == "total"), TOTAL)


def _activities(rng: np.random.Generator, agreement: Agreement) -> tuple[pd.DataFrame, int]:
    """Draw a list of activities; also how many have two partners or more."""
    parties = agreement.parties or tuple(f"Opdigtet part {i + 1}" for i in range(4))
    numbers = np.minimum(1 + rng.binomial(3, 0.5, _ACTIVITIES), len(parties))
    partners = ["; ".join(rng.choice(parties, size=k, replace=False).tolist()) for k in numbers]
    focus_areas = agreement.focus_areas or ("Opdigtet indsatsområde",)
    frame = pd.DataFrame(
        {
            "activity": [f"Opdigtet aktivitet {i + 1}" for i in range(_ACTIVITIES)],
            "focus_area": rng.choice(focus_areas, size=_ACTIVITIES).tolist(),
            "partners": partners,
            "budget_dkk": np.round(rng.uniform(20, 200, _ACTIVITIES)) * 1000,
            "start": "2025-01-01",
            "end": "2028-12-31",
        }
    )
    return frame, int((numbers >= 2).sum())


def write_synthetic(
    out: str | Path,
    *,
    seed: int = 1,
    workbook: bool = False,
    scenario: str = "drawn",
    last_wave: int = 2026,
    agreement: Agreement | str | Path | None = None,
) -> Path:
    """Write a made-up city's input and, beside it, its truth.

    The folder holds CSV files or one workbook, `truth.json` and `SYNTETISK.txt`. A folder this
    function made before is replaced; any other that holds files is left alone.

    Returns the folder, or the workbook in it: what `--input` takes.
    """
    out = Path(out)
    if isinstance(agreement, str | Path):
        agreement = load_agreement(agreement)
    city = synthetic_city(seed, scenario=scenario, last_wave=last_wave, agreement=agreement)
    try:
        if out.exists() and not (out.is_dir() and _may_replace(out)):
            raise InputError(
                Fault(
                    "the folder to write exists and holds other files",
                    found=str(out),
                    remedy="Name a new folder.",
                )
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        # everything is written beside and then moved, so that no half-written city is left
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
            whole = Path(folder) / "city"
            whole.mkdir()
            _write_files(whole, city, workbook=workbook)
            if out.exists():
                shutil.rmtree(out)
            whole.rename(out)
    except OSError as error:
        raise InputError(
            Fault(
                "the folder cannot be written",
                found=f"{out}: {error.strerror}",
                remedy="Name a folder you may write to, on a disk with room.",
            )
        ) from error
    return out / _WORKBOOK if workbook else out


def _may_replace(folder: Path) -> bool:
    names = {p.name for p in folder.iterdir()}
    return not names or "SYNTETISK.txt" in names


def _write_files(folder: Path, city: SyntheticCity, *, workbook: bool) -> None:
    frames = {
        name: frame
        for name in ("safety", "survey_rounds", "crime", "population", "activities")
        if (frame := getattr(city.data, name)) is not None
    }
    if workbook:
        from amager_eval.data.files.template import write_workbook

        write_workbook(folder / _WORKBOOK, frames)
    else:
        for name, frame in frames.items():
            shown = frame.dropna(axis="columns", how="all")
            shown.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
    text = json.dumps(city.truth, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
    (folder / "SYNTETISK.txt").write_text(SOURCE + "\n", encoding="utf-8")
