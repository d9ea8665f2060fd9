"""From a panel's name or a city's input to the tables; the sampler is replaced."""

import numpy as np
import pandas as pd
import pytest
from tests.evidence.backtest.trial import restrict

from amager_eval.errors import InputError
from amager_eval.evidence.backtest import own as backtest_own
from amager_eval.evidence.backtest.input import find_panel
from amager_eval.evidence.backtest.panels import crime_quarterly
from amager_eval.evidence.backtest.stored import write_own_scores
from amager_eval.evidence.peers.series import SeriesPeer, last_value
from amager_eval.evidence.peers.stored import read_peer_scores

NAIVE = SeriesPeer("seasonal_naive", last_value, "sqrt", "last value", least=1, size=100)


def write_city(folder, areas=("North", "South", "East")):
    rng = np.random.default_rng(3)
    folder.mkdir()
    index = pd.MultiIndex.from_product(
        [areas, [str(y) for y in range(2012, 2025)], ["theft", "violence"]],
        names=["area", "period", "crime_type"],
    )
    frame = index.to_frame(index=False)
    frame["count"] = rng.poisson(60, len(frame))
    frame.assign(definition="police").to_csv(folder / "crime.csv", index=False)
    years = pd.MultiIndex.from_product([areas, range(2012, 2026)], names=["area", "period"])
    years.to_frame(index=False).assign(population=9000).to_csv(
        folder / "population.csv", index=False
    )
    return folder


def test_any_citys_input_is_a_panel_with_its_last_origin_held_back(tmp_path):
    panel = find_panel(str(write_city(tmp_path / "boroughs")))
    assert panel.kind == "crime"
    assert panel.areas == ("North", "South", "East")
    assert (panel.development, panel.final) == (("2020", "2021"), ("2022",))
    assert panel.horizons == (1, 2)
    named = find_panel(str(tmp_path / "boroughs"), origins=["2018", "2019"])
    assert (named.development, named.final) == (("2018",), ("2019",))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("nowhere", {}, "no such panel"),
        ("crime_yearly", {"model": "safety"}, "holds crime figures"),
        ("crime_yearly", {"origins": ["2018", "2019"]}, "leave --origins 2018,2019 out"),
        ("crime_yearly", {"definition": "police"}, "leave --definition police out"),
        ("boroughs", {"model": "safety"}, "holds crime"),
        ("boroughs", {"definition": "other"}, "by the definition other"),
        ("boroughs", {"origins": ["2019"]}, "too short"),
    ],
)
def test_a_wrong_call_is_explained(tmp_path, monkeypatch, name, options, said):
    write_city(tmp_path / "boroughs")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said):
        find_panel(name, **options)


def test_a_citys_panel_is_compared_with_the_peers_that_are_installed(
    tmp_path, monkeypatch, random_draws
):
    absent = SeriesPeer("absent", last_value, "sqrt", "none", packages=("no_such_package",))
    monkeypatch.setattr(backtest_own, "peers_of", lambda kind: (NAIVE, absent))
    panel = find_panel(str(write_city(tmp_path / "boroughs")))
    seen = []
    result, found = backtest_own.backtest_own(
        panel, draws=20, cache=tmp_path / "cache", progress=lambda *done: seen.append(done)
    )
    assert set(found.league["forecaster"]) == {"amager_eval", "seasonal_naive"}
    assert backtest_own.absent_peers(panel) == ("absent",)
    assert backtest_own.absent_peers(crime_quarterly()) == ()  # its peers are stored
    assert found.origins == panel.development
    assert [s for s in seen if s[0] == "amager_eval"] == [("amager_eval", n, 2) for n in (1, 2)]
    assert len(result.scores) == 2 * 2 * 3 * 2  # origins, horizons, areas, types
    again = []
    backtest_own.backtest_own(
        panel, draws=20, cache=tmp_path / "cache", progress=lambda *done: again.append(done)
    )
    assert again == []  # everything was kept


def test_peers_run_on_the_cluster_that_is_given(tmp_path, monkeypatch, random_draws):
    monkeypatch.setattr(backtest_own, "peers_of", lambda kind: (NAIVE,))
    run, asked = backtest_own.run_backtest, {}

    def here(panel, forecaster, *, scheduler, **options):
        asked[forecaster.name] = scheduler
        return run(panel, forecaster, **options)

    monkeypatch.setattr(backtest_own, "run_backtest", here)
    panel = find_panel(str(write_city(tmp_path / "boroughs")))
    address = "tcp://host:8786"
    backtest_own.backtest_own(panel, scheduler=address, draws=10, cache=tmp_path / "cache")
    assert asked == {"amager_eval": address, "seasonal_naive": address}


def test_a_city_that_contains_its_districts_is_scored_without_asking_who_reaches_it(
    tmp_path, monkeypatch, random_draws
):
    monkeypatch.setattr(backtest_own, "peers_of", lambda kind: (NAIVE,))
    folder = write_city(tmp_path / "city")
    for name, keys in (("crime", ["period", "crime_type", "definition"]), ("population", "period")):
        frame = pd.read_csv(folder / f"{name}.csv")
        of_city = frame.groupby(keys).sum(numeric_only=True).reset_index().assign(area="City")
        frame = pd.concat([frame, of_city], ignore_index=True)
        if name == "crime":
            frame["area_kind"] = np.where(frame["area"] == "City", "city", "district")
        frame.to_csv(folder / f"{name}.csv", index=False)
    panel = find_panel(str(folder))
    assert panel.whole == "City"
    result, found = backtest_own.backtest_own(panel, draws=20, cache=tmp_path / "cache")
    assert set(result.scores["area"]) == {"City", "North", "South", "East"}
    assert result.scores["crps"].notna().all()
    assert "reach_probability" not in result.scores  # a count of a district reaches no city's
    assert found.events is None
    assert set(found.league["forecaster"]) == {"amager_eval", "seasonal_naive"}


def test_final_origins_must_be_asked_for(tmp_path, monkeypatch, random_draws):
    monkeypatch.setattr(backtest_own, "peers_of", lambda kind: (NAIVE,))
    panel = find_panel(str(write_city(tmp_path / "boroughs")))
    options = {"draws": 20, "cache": tmp_path / "cache"}
    assert "2022" not in set(backtest_own.backtest_own(panel, **options)[0].scores["origin"])
    scored = backtest_own.backtest_own(panel, final=True, **options)[0].scores
    assert set(scored["origin"]) == {"2020", "2021", "2022"}


def test_stored_scores_give_the_tables_without_a_fit(tmp_path, monkeypatch):
    panel = crime_quarterly()
    peers = read_peer_scores(panel)
    own = peers[peers["forecaster"] == "auto_ets"].assign(forecaster="amager_eval")
    own = own.assign(crps=own["crps"] * 0.5)
    units = pd.DataFrame({"unit": ["u"], "seconds": [1.0], "passed": [True], "problems": [""]})
    result = backtest_own.Backtest(panel.name, "amager_eval", own, units)
    write_own_scores(panel, result, tmp_path, command="none")
    read = backtest_own.read_own_scores
    monkeypatch.setattr(backtest_own, "read_own_scores", lambda p: read(p, tmp_path))
    league = backtest_own.stored_comparison(panel).league.set_index("forecaster")
    assert league["rank"]["amager_eval"] == 1
    ratio = league["crps"]["amager_eval"] / league["crps"]["auto_ets"]
    assert ratio == pytest.approx(0.5, rel=1e-3)


def test_a_trial_of_fewer_areas_keeps_the_peers_scores_of_those(
    tmp_path, monkeypatch, random_draws
):
    whole = crime_quarterly()
    panel = restrict(whole, whole.areas[:3])
    monkeypatch.setattr(backtest_own, "read_peer_scores", lambda p: read_peer_scores(whole))
    _, found = backtest_own.backtest_own(panel, draws=10, cache=tmp_path)
    assert found.league["cells"].eq(3 * 7 * 8 * 3).all()
