"""Stand-ins for the two fits: a few honest lines of statistics in place of minutes of sampling.

Every published figure is taken with its own sampling error, every later year as a random walk
from the last one. Enough for verdicts to follow the truth; no claim about the models.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from amager_eval.data.period import period_range
from amager_eval.data.population import population_at
from amager_eval.evaluation import fit as module
from amager_eval.report import write
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.trends.fit import Forecast

_SAMPLES = 800
_DEFF = 1.3
#: Answers where none are told.
_FEW = 100.0


def _fit(name: str, seed: int, forecast: Any) -> Any:
    posterior = xr.Dataset({"x": (("chain", "draw"), np.zeros((4, _SAMPLES // 4)))})
    return SimpleNamespace(
        data={"posterior": posterior},
        spec=load_model_spec(name),
        diagnostics=Diagnostics(0, 1.0, float(_SAMPLES), ()),
        seed=seed,
        forecast=forecast,
    )


def quick_safety(data: Any, *, seed: int, **_: Any) -> Any:
    """Stand in for `fit_safety`."""

    def forecast(until: int, *, n: float | None = None) -> Forecast:
        frame = data.safety[data.safety["response"] != "neither"]
        settings = list(dict.fromkeys(frame["setting"]))
        asked = frame.groupby("area")["setting"].nunique()
        areas = [a for a in dict.fromkeys(frame["area"]) if asked[a] == len(settings)]
        waves = np.arange(int(frame["wave"].min()), until + 1)
        dims = ("sample", "area", "setting", "response", "period")
        shape = (_SAMPLES, len(areas), len(settings), 2, len(waves))
        true, printed = np.empty(shape), np.empty(shape)
        observed = np.zeros(shape[1:], dtype=bool)
        rng = np.random.default_rng(seed)
        series = frame.set_index(["area", "setting", "response", "wave"]).sort_index()
        for at in np.ndindex(*shape[1:4]):
            key = (areas[at[0]], settings[at[1]], ("safe", "unsafe")[at[2]])
            # a series nobody published stands on the city's, and observes nothing
            known = key in series.index
            own = series.loc[key if known else (data.whole, *key[1:])]
            share = (own["percent"] / 100).reindex(waves)
            size = (own["n"].fillna(_FEW).iloc[-1] if known else _FEW) / _DEFF
            observed[at] = share.notna() & known
            filled = share.interpolate().ffill().bfill().clip(0.005, 0.995).to_numpy()
            error = 1 / np.sqrt(size * filled * (1 - filled))
            ahead = np.maximum(0, waves - own.index.max())
            walk = rng.normal(size=(_SAMPLES, 1)) * 0.08 * np.sqrt(ahead)
            logit = np.log(filled / (1 - filled)) + rng.normal(size=(_SAMPLES, len(waves))) * error
            true[:, *at] = 1 / (1 + np.exp(-(logit + walk)))
            sd = np.sqrt(filled * (1 - filled) / size)
            future = np.clip(np.round(rng.normal(true[:, *at], sd), 2), 0, 1)
            printed[:, *at] = np.where(observed[at], share.to_numpy(), future)
        draws = xr.Dataset(
            {"true": (dims, true), "published": (dims, printed)},
            coords={
                "area": areas,
                "setting": settings,
                "response": ["safe", "unsafe"],
                "period": waves,
                "observed": (dims[1:], observed),
                "alternative": ("sample", np.repeat(["driftless", "damped"], _SAMPLES // 2)),
            },
        )
        return Forecast("safety", draws, draws.isel(sample=slice(0, 100)), "0" * 64)

    return _fit("safety_trend", seed, forecast)


def quick_crime(data: Any, *, definition: str, seed: int, **_: Any) -> Any:
    """Stand in for `fit_crime`; quarters or years."""

    def forecast(until: str, *, n: float | None = None) -> Forecast:
        frame = data.crime[data.crime["definition"] == definition].dropna(subset="count")
        areas, types = list(dict.fromkeys(frame["area"])), list(dict.fromkeys(frame["crime_type"]))
        periods = period_range(str(frame["period"].min()), until)
        names, per_year = [str(p) for p in periods], periods[0].per_year
        dims = ("sample", "area", "crime_type", "period")
        shape = (_SAMPLES, len(areas), len(types), len(periods))
        found = {name: np.empty(shape) for name in ("level", "expected", "count")}
        observed = np.zeros(shape[1:], dtype=bool)
        rng = np.random.default_rng(seed)
        series = frame.set_index(["area", "crime_type", "period"])["count"].sort_index()
        for i, area in enumerate(areas):
            people = population_at(data.population, area, periods) / 1000
            for k, kind in enumerate(types):
                counts = series.loc[(area, kind)].reindex(names)
                seen = observed[i, k] = counts.notna().to_numpy()
                yearly = counts.to_numpy().reshape(-1, per_year)
                known = ~np.isnan(yearly).any(axis=1)
                last = int(np.flatnonzero(known)[-1])
                total = np.where(known, yearly.sum(axis=1), yearly[last].sum())
                ahead = np.maximum(0, np.arange(len(total)) - last)
                level = rng.gamma(total + 0.5, size=(_SAMPLES, len(total)))
                level *= np.exp(rng.normal(size=(_SAMPLES, 1)) * 0.06 * np.sqrt(ahead))
                expected = np.repeat(level / per_year, per_year, axis=1)
                found["expected"][:, i, k] = expected
                found["level"][:, i, k] = expected / people
                found["count"][:, i, k] = np.where(
                    seen, counts.fillna(0).to_numpy(), rng.poisson(expected)
                )
        draws = xr.Dataset(
            {name: (dims, values) for name, values in found.items()}
            | {"rate": (dims, found["level"])},
            coords={
                "area": areas,
                "crime_type": types,
                "period": names,
                "observed": (dims[1:], observed),
            },
            attrs={
                "definition": definition,
                "period_unit": "quarter" if per_year > 1 else "year",
                "whole": data.whole or "",
                "total": "total",
                "total_parts": "",
            },
        )
        return Forecast("crime", draws, draws.isel(sample=slice(0, 100)), "0" * 64)

    return _fit("crime_trend", seed, forecast)


@pytest.fixture
def quick_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace both fits of an evaluation, and what lays the reports out for one of them."""
    from tests.stand_ins import without_alternatives

    without_alternatives(monkeypatch)
    monkeypatch.setattr(module, "answer_unmeasured", lambda *_, **__: None)
    monkeypatch.setattr(module, "without_own_area", lambda data, _: data)
    monkeypatch.setattr(module, "smooth_measured", lambda *_, **__: None)
    monkeypatch.setattr(module, "fit_safety", quick_safety)
    monkeypatch.setattr(module, "begin_crime", lambda *a, **k: lambda: quick_crime(*a, **k))
    monkeypatch.setattr(module, "crime_design", lambda *_, **__: None)


@pytest.fixture
def call(run: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line, whose appendix is the statement alone."""

    def only_statement(statement: Any, target: Any, **_: Any) -> None:
        target.mkdir(parents=True)
        (target / "statement.json").write_text(statement.to_json(), encoding="utf-8")

    monkeypatch.setattr(write, "write_appendix", only_statement)
    return run
