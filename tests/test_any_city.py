"""An agreement of a city without a Danish word in it, from file to statement, page and PDF.

The goals are on the share who feel unsafe and no other answer is supplied. The fits are replaced
by draws made here, so that nothing is a claim about a posterior; all after them is the real chain.
"""

import html
import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pikepdf
import pytest
import xarray as xr

import amager_eval as ae
from amager_eval.data.check import check_input
from amager_eval.evaluation import fit as fitting
from amager_eval.goals.statement import Statement
from amager_eval.report.write import write_appendix
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.documents import models_folder
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.trends.fit import Forecast

AREA = "Harbour Partnership area"
CITY = "Port City"
#: Words of this package's home that must not reach another city.
DANISH = (
    "København|Copenhagen|Amager|Danmark|Denmark|Epinion|borgervendt|straffelov|nået|afgøres"
    "|opgjort|trygge|utrygge|i alt|alle|bydel|indbrud|tyveri|Befolkning|Tryghedsplan"
)


def write_input(folder, settings=("neighbourhood", "night")) -> None:
    agreement = load_agreement("template")
    levels = dict(zip(settings, (12, 24), strict=False))
    areas = dict(zip((*agreement.areas.parts, AREA, CITY), (6, 0, -3, -3, 8, 0), strict=True))
    safety = [
        (a, wave, setting, "unsafe", level + shift - (wave - 2020) // 2, 900 if a != CITY else 4000)
        for a, shift in areas.items()
        for wave in range(2020, 2027)
        for setting, level in levels.items()
    ]
    people = dict(zip(agreement.areas.parts, (40_000, 50_000, 30_000, 60_000), strict=True))
    people |= {AREA: 9_000, CITY: 180_000}
    crime = [
        (AREA, year, kind, count + 3 * (year - 2024), "recorded offences")
        for year in range(2018, 2026)
        for kind, count in (("total", 400), ("burglary", 60), ("vandalism", 40))
    ]
    activities = [
        ("Evening walks", "Public space", "The police; Harbour Housing", None, 200_000),
        ("Open day", "Dialogue", "The city", "Museum", 100_000),
        ("Newsletter", "Dialogue", "The city", None, None),
    ]
    tables = {
        "safety": pd.DataFrame(
            safety, columns=["area", "wave", "setting", "response", "percent", "n"]
        ),
        "population": pd.DataFrame(
            [(a, y, n) for a, n in people.items() for y in (2018, 2024, 2026)],
            columns=["area", "period", "population"],
        ),
        "crime": pd.DataFrame(
            crime, columns=["area", "period", "crime_type", "count", "definition"]
        ),
        "activities": pd.DataFrame(
            activities,
            columns=["activity", "focus_area", "partners", "outside_partners", "budget_dkk"],
        ).assign(list_version="3", list_date="2026-01-15"),
    }
    folder.mkdir()
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)


def fit_safety(data, **_):
    """Draw unsafe shares that fall a little, for every area of the input, beside the figures."""
    rng = np.random.default_rng(1)
    areas, settings = sorted(set(data.safety["area"])), list(dict.fromkeys(data.safety["setting"]))
    periods = np.arange(2020, 2030)
    shares = data.safety.set_index(["area", "setting", "wave"])["percent"] / 100
    level = np.array([[shares[a, s, 2024] for s in settings] for a in areas])
    noise = rng.normal(0, 0.02, (60, *level.shape, 1, periods.size)).cumsum(axis=-1) / 3
    true = np.clip(level[..., None, None] - 0.005 * (periods - 2024) + noise, 0.01, 0.99)
    observed = np.broadcast_to(periods <= data.safety["wave"].max(), true.shape[1:])
    dims = ("sample", "area", "setting", "response", "period")
    coords = {"area": areas, "setting": settings, "response": ["unsafe"], "period": periods,
              "observed": (dims[1:], observed)}  # fmt: skip
    published = np.where(observed, true[:1].round(2), true.round(2))
    draws = xr.Dataset({"true": (dims, true), "published": (dims, published)}, coords=coords)
    made = Forecast("safety", draws, draws, "0" * 64)
    posterior = xr.Dataset({"x": (("chain", "draw"), np.zeros((4, 15)))})
    passed = Diagnostics(divergences=0, max_rhat=1.0, min_ess=900.0, problems=())
    tree = xr.DataTree.from_dict({"posterior": posterior})
    return SimpleNamespace(
        data=tree,
        spec=ae.load_model_spec("safety_trend"),
        diagnostics=passed,
        forecast=lambda _: made,
    )


@pytest.fixture
def quick(monkeypatch) -> None:
    """Draw shares here in place of both fits."""
    monkeypatch.setattr(fitting, "fit_safety", fit_safety)
    monkeypatch.setattr(fitting, "answer_unmeasured", lambda *_, **__: None)
    monkeypatch.setattr(fitting, "without_own_area", lambda data, _: data)
    monkeypatch.setattr(fitting, "smooth_measured", lambda *_, **__: None)
    from tests.stand_ins import without_alternatives

    without_alternatives(monkeypatch)
    monkeypatch.setattr(fitting, "crime_definition_to_fit", lambda *_: None)


@pytest.fixture
def statement(quick, tmp_path) -> Statement:
    """Copy the template, read the folder, evaluate."""
    document = tmp_path / "my_agreement.toml"
    document.write_bytes((models_folder() / "agreements" / "template.toml").read_bytes())
    write_input(tmp_path / "input")
    data = ae.read_input(tmp_path / "input")
    return ae.evaluate(data, agreement=document, year=2026, draft=True)


def test_from_file_to_statement(statement):
    kept = json.loads(statement.to_json())
    rows = [r for r in kept["results"] if r["goal"] == "1" and r["setting"]]
    assert {r["response"] for r in rows} == {"unsafe"}
    assert {r["area"] for r in rows} == {AREA, "Harbour"}
    falls = next(
        r
        for r in rows
        if (r["area"], r["setting"], r["reading"], r["year"])
        == (AREA, "night", "rises_every_year", 2028)
    )
    # 30 in 2024 and 2025, 29 in 2026: it did not fall in 2025
    assert (falls["baseline"], falls["observed"], falls["literal_verdict"]) == (30, 29, "ikke nået")
    (partners,) = [r for r in kept["results"] if r["goal"] == "3"]
    assert partners["literal_verdict"] == "ikke nået"  # 2 of 3 is below 75 %
    assert [f["focus_area"] for f in kept["plan"]["focus"]] == ["Dialogue", "Public space"]
    assert kept["plan"]["warnings"] == []
    questions = set(statement.power["question"])
    assert "smallest_detectable_fall" in questions
    assert "falls_every_year_1" in questions
    assert not any(q.startswith("rises") for q in questions)


def test_page_and_pdf_say_nothing_of_another_city(statement, tmp_path):
    out = tmp_path / "out"
    write_appendix(statement, out, lang="en")
    page = (out / "appendix.html").read_text(encoding="utf-8")
    text = html.unescape(re.sub(r"<(style|script)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL))
    found = re.findall(rf"\b(?:{DANISH})\w*|\w*[æøåÆØÅ]\w*", text)
    assert found == []
    for said in ("feel unsafe", "fewer is better", CITY, AREA, "Evening walks", "Falls every year"):
        assert said in text
    with pikepdf.open(out / "appendix.pdf") as pdf:
        assert str(pdf.Root.Lang).startswith("en")
    assert {p.stem for p in (out / "figures").glob("*.svg")} >= {
        "safety_history", "safety_fan", "probabilities", "part_whole", "partner_activities",
    }  # fmt: skip
    package = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    names = {r["name"] for r in package["resources"]}
    assert {"plan", "plan_signals", "partners", "safety_forecast"} <= names


def test_settings_are_the_agreements(quick, run, tmp_path):
    """A survey that asks of the park: from files through `check` to the page."""
    text = (models_folder() / "agreements" / "template.toml").read_text(encoding="utf-8")
    text = text.replace('settings = ["neighbourhood", "night"]', 'settings = ["park"]')
    document = tmp_path / "park.toml"
    document.write_text(text.replace("safety.night.", "safety.park."), encoding="utf-8")
    write_input(tmp_path / "input", settings=["park"])
    faults = check_input(tmp_path / "input", agreement=load_agreement(document))
    assert [f for f in faults if f.severity == "error"] == []
    unknown = {f.message for f in check_input(tmp_path / "input") if f.severity == "error"}
    assert unknown == {"the setting is not one of neighbourhood, night"}
    out = tmp_path / "out"
    arguments = ["appendix", "--input", tmp_path / "input", "--agreement", document]
    arguments += ["--only", "--draft", "--lang", "en", "--out", out]
    assert run(*arguments)[0] == 0
    kept = json.loads((out / "statement.json").read_text(encoding="utf-8"))
    assert {r["setting"] for r in kept["results"] if r["goal"] == "1"} == {"park"}
    page = (out / "appendix.html").read_text(encoding="utf-8")
    text = html.unescape(re.sub(r"<(style|script)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL))
    assert "park" in text
    for said in ("evening and", "neighbourhood", "setting."):
        assert said not in text.lower()
