"""Stand-ins for several rooms: a made-up statement, clearly synthetic, and a quick sampler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.data.input import Input
from amager_eval.data.published import published
from amager_eval.evaluation import evaluate as evaluating
from amager_eval.evaluation.fit import Fits
from amager_eval.evaluation.judge import judge
from amager_eval.goals.ledger import Ledger
from amager_eval.goals.records import ChangedDocument
from amager_eval.goals.statement import Statement
from amager_eval.spec.agreement import Agreement, load_agreement
from amager_eval.spec.model import load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.trends.fit import Forecast
from amager_eval.trends.independence import Scales

_SAMPLES = 120


def _with_own_area(data: Input, agreement: Agreement) -> Input:
    """Add made-up deliveries for the agreement's own area: survey, crime and population."""
    own = agreement.areas.evaluated.names[0]
    assert data.safety is not None
    assert data.crime is not None
    safety = pd.DataFrame(
        [
            (own, wave, setting, "safe", start + wave - 2024, 600.0, 0, "=", "A")
            for wave in (2024, 2025, 2026)
            for setting, start in (("neighbourhood", 82.0), ("night", 71.0))
        ],
        columns=["area", "wave", "setting", "response", "percent", "n", "decimals",
                 "comparator", "source_grade"],
    )  # fmt: skip
    crime = pd.DataFrame(
        [
            (own, str(year), kind, count + 10 * (year - 2024), agreement.crime.definition, "A")
            for year in (2024, 2025)
            for kind, count in (
                ("total", 900), ("indbrud", 40), ("tyveri/røveri", 200), ("vold/våben", 60)
            )
        ],
        columns=["area", "period", "crime_type", "count", "definition", "source_grade"],
    )  # fmt: skip
    population = pd.DataFrame(
        [(own, "2024", 21_000.0), (own, "2026", 21_600.0)], columns=["area", "period", "population"]
    )
    assert data.population is not None
    return replace(
        data,
        safety=pd.concat([data.safety, safety], ignore_index=True),
        crime=pd.concat([data.crime, crime], ignore_index=True),
        population=pd.concat([data.population, population], ignore_index=True),
    )


def _safety_forecast(agreement: Agreement, rng: np.random.Generator, own: bool) -> Forecast:
    areas = [agreement.areas.whole, *agreement.areas.parts]
    areas += [agreement.areas.evaluated.names[0]] if own else []
    periods = np.arange(2009, 2030)
    levels = {"neighbourhood": 1.85, "night": 1.1}
    shift = {a: 0.0 if a == agreement.areas.whole else rng.normal(0, 0.3) for a in areas}
    shape = (_SAMPLES, len(areas), 2, 2, len(periods))
    logit = np.empty(shape)
    away = np.abs(periods - 2025)
    for i, area in enumerate(areas):
        for j, setting in enumerate(agreement.safety.settings):
            walk = rng.normal(0, 1, (_SAMPLES, len(periods))) * (0.06 + 0.06 * np.sqrt(away))
            eta = levels[setting] + shift[area] + walk + 0.02 * (periods - 2024)
            logit[:, i, j, 0], logit[:, i, j, 1] = eta, -(eta + 0.5)
    true = 1 / (1 + np.exp(-logit))
    published_share = np.round(np.clip(rng.normal(true, 0.02), 0, 1), 2)
    observed = np.broadcast_to(periods <= 2026, shape[1:])
    published_share[:, observed] = published_share[:1, observed]  # a published figure is one
    dims = ("sample", "area", "setting", "response", "period")
    draws = xr.Dataset(
        {"true": (dims, true), "published": (dims, published_share)},
        coords={
            "area": areas,
            "setting": list(agreement.safety.settings),
            "response": ["safe", "unsafe"],
            "period": periods,
            "observed": (dims[1:], observed),
            "alternative": ("sample", np.repeat(["driftless", "drift", "damped"], _SAMPLES // 3)),
        },
    )
    return Forecast("safety", draws, draws.isel(sample=slice(None, None, 2)), "0" * 64)


def _crime_forecast(agreement: Agreement, rng: np.random.Generator) -> Forecast:
    rates = {
        "total": 30.0,
        "indbrud": 0.8,
        "tyveri/røveri": 7.5,
        "vold/våben": 2.2,
        "narkotika": 2.4,
    }
    periods = [f"{y}K{q}" for y in range(2016, 2029) for q in range(1, 5)]
    t = np.arange(len(periods)) / 4
    shape = (_SAMPLES, 1, len(rates), len(periods))
    level = np.empty(shape)
    for k, start in enumerate(rates.values()):
        spread = 0.02 + 0.05 * np.sqrt(np.maximum(0, t - 10))
        level[:, 0, k] = start * np.exp(rng.normal(0, 1, (_SAMPLES, 1)) * spread - 0.01 * (t - 9))
    people = 640 + 2 * t  # thousands
    observed = np.broadcast_to(t < 10, shape[1:])
    count = rng.poisson(level * people).astype(float)
    count[:, observed] = count[:1, observed]
    dims = ("sample", "area", "crime_type", "period")
    draws = xr.Dataset(
        {
            "rate": (dims, level),
            "level": (dims, level),
            "expected": (dims, level * people),
            "count": (dims, count),
        },
        coords={
            "area": [agreement.areas.whole],
            "crime_type": list(rates),
            "period": periods,
            "observed": (dims[1:], observed),
        },
        attrs={"definition": "STRAF11", "period_unit": "quarter", "whole": agreement.areas.whole},
    )
    return Forecast("crime", draws, draws.isel(sample=slice(None, None, 2)), "0" * 64)


def _fitted(name: str, forecast: Forecast, seed: int) -> Any:
    """Stand in for a fit that passed its gates and forecasts what was made up."""
    posterior = xr.Dataset({"x": (("chain", "draw"), np.zeros((4, 1000)))})
    return SimpleNamespace(
        data={"posterior": posterior},
        spec=load_model_spec(name, draft=True),
        diagnostics=Diagnostics(0, 1.004, 812.0, ()),
        seed=seed,
        forecast=lambda _: forecast,
    )


def _activities() -> pd.DataFrame:
    rows = []
    for i, area in enumerate(load_agreement().focus_areas):
        for k in range(4 + i):
            partners = "SSP København; FSB" if (i + k) % 4 else "DOMEA"
            rows.append((f"Opdigtet aktivitet {i + 1}.{k + 1}", area, partners))
    return pd.DataFrame(rows, columns=["activity", "focus_area", "partners"])


def statements() -> Callable[..., Statement]:
    """Return a function that makes a statement with what it is asked to leave in.

    The same flags give the same statement: it is frozen, and made once.
    """
    made: dict[tuple[tuple[str, bool | int], ...], Statement] = {}

    def make(**asked: Any) -> Statement:
        if not all(isinstance(v, bool | int) for v in asked.values()):
            return make_anew(**asked)
        key = tuple(sorted(asked.items()))
        if key not in made:
            made[key] = make_anew(**asked)
        return made[key]

    def make_anew(
        *,
        data: Input | None = None,
        year: int = 2026,
        synthetic: bool = True,
        draft: bool = False,
        safety: bool = True,
        crime: bool = True,
        activities: bool = True,
        own_area: bool = False,
        seed: int = 7,
        ledger: Ledger = Ledger(),  # noqa: B008 (frozen)
        changed: tuple[ChangedDocument, ...] = (),
        learns: bool = False,
    ) -> Statement:
        """`learns` makes every draw of the crime forecast depend on every report of the input."""
        rng = np.random.default_rng(seed)
        agreement = load_agreement()
        data = replace(published() if data is None else data, synthetic=synthetic)
        if own_area:
            data = _with_own_area(data, agreement)
        if activities:
            data = replace(data, activities=_activities())
        if not safety:
            data = replace(data, safety=None)
        if not crime:
            data = replace(data, crime=None)
        forecast = _safety_forecast(agreement, rng, own_area) if safety else None
        crime_rng = rng
        if learns:
            assert data.crime is not None
            text = data.crime.to_csv(index=False).encode()
            crime_rng = np.random.default_rng(list(sha256(text).digest()))
        crime_forecast = _crime_forecast(agreement, crime_rng) if crime else None
        fits = Fits(
            None if forecast is None else _fitted("safety_trend", forecast, seed),
            None if crime_forecast is None else _fitted("crime_trend", crime_forecast, seed),
            "STRAF11" if crime else None,
            seed,
        )
        statement = judge(data, agreement, year, fits, draft=True)
        return replace(
            statement,
            versions={"python": "3.13", "amager-eval": "0.1.0"},
            draft=draft,
            unregistered=(),
            ledger=ledger,
            changed=changed,
        )

    return make


class RandomDraws:
    """Stands in for a compiled model: draws every free variable at random, and no claim about a
    posterior. Remembers the data it was given.
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], positive: set[str]) -> None:
        self.shapes, self.positive = shapes, positive
        self.given: list[dict[str, Any]] = []

    def with_data(self, **data: Any) -> RandomDraws:
        self.given.append(data)
        return self

    def draw(self, chains: int, draws: int, seed: int) -> xr.DataTree:
        rng = np.random.default_rng(seed)
        variables = {}
        for name, shape in self.shapes.items():
            values = rng.normal(0, 1, size=(chains, draws, *shape))
            if name.endswith("level"):
                values = 0.3 * values
            elif name in self.positive:
                values = 0.1 + 0.8 / (1 + np.exp(-values))
            dims = ("chain", "draw", *(f"{name}_{i}" for i in range(len(shape))))
            variables[name] = (dims, values)
        stats = {"diverging": (("chain", "draw"), np.zeros((chains, draws), dtype=bool))}
        return xr.DataTree.from_dict(
            {"posterior": xr.Dataset(variables), "sample_stats": xr.Dataset(stats)}
        )


def without_alternatives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what would be fitted once more: tests of alternatives ask for it themselves."""
    monkeypatch.setattr(evaluating, "begin_crime_alternatives", lambda *_, **__: {})
    monkeypatch.setattr(evaluating, "under_alternatives", lambda statement, *_, **__: statement)


def draw_at_random(monkeypatch: pytest.MonkeyPatch) -> list[RandomDraws]:
    """Replace compiling and sampling; the list holds everything that was to be compiled."""
    made: list[RandomDraws] = []

    def compile_model(model: Any) -> RandomDraws:
        shapes = {rv.name: tuple(rv.type.shape) for rv in model.free_RVs}
        positive = {rv.name for rv in model.free_RVs if model.rvs_to_transforms[rv]}
        made.append(RandomDraws(shapes, positive))
        return made[-1]

    def sample_scales(model: Any, *, draws: int, chains: int, seed: int, **_: Any) -> Scales:
        start = model.initial_point()
        shapes = {rv.name: start[model.rvs_to_values[rv].name].shape for rv in model.free_RVs}
        positive = {rv.name for rv in model.free_RVs if model.rvs_to_transforms[rv]}
        made.append(RandomDraws(shapes, positive))
        drawn = made[-1].draw(chains, draws, seed)["posterior"].to_dataset()
        stats = {k: (("chain", "draw"), np.zeros((chains, draws))) for k in ("lp", "log_weight")}
        names = {"chain": np.arange(chains), "draw": np.arange(draws)}
        return Scales(drawn.assign_coords(names), xr.Dataset(stats, coords=names), None)

    def begin_posterior(
        compiled: RandomDraws, *, draws: int, tune: int, chains: int, seed: int, **_: Any
    ) -> sample.Begun[xr.DataTree]:
        return sample.Begun(lambda: compiled.draw(chains, draws, seed), lambda: True)

    without_alternatives(monkeypatch)
    monkeypatch.setattr(sample, "compile_model", compile_model)
    # random draws are no posterior an area could be estimated from
    monkeypatch.setattr("amager_eval.evaluation.fit.answer_unmeasured", lambda *_, **__: None)
    monkeypatch.setattr("amager_eval.evaluation.fit.smooth_measured", lambda *_, **__: None)
    monkeypatch.setattr("amager_eval.evaluation.fit.without_own_area", lambda data, _: data)
    monkeypatch.setattr(sample, "sample_scales", sample_scales)
    monkeypatch.setattr(sample, "begin_posterior", begin_posterior)
    return made
