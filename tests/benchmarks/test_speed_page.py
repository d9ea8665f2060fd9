"""What the benchmark says of made-up runs, and when it fails; nothing is timed here."""

import json

import measure_speed
import pytest
import speed_page
from speed_page import ratios, regressions, write_page

import amager_eval as ae

WITHIN = {"ess": 4000.0, "rhat": 1.002, "divergences": 0}


def fit(task, state, seconds, *, refit=None, model="crime", **more):
    """Make one process: `more` differs from a fit within its gates, `refit` is its refit's."""
    row = {"model": model, "task": task, "state": state, "seconds": seconds} | WITHIN | more
    if refit is not None:
        row |= {f"refit_{name}": value for name, value in (WITHIN | refit).items()}
    return row


def appendix(cold, warm):
    row = {"model": "both", "task": "appendix"}
    return [row | {"state": s, "seconds": t} for s, t in (("cold", cold), ("warm", warm))]


def runs(package=None, plain=None):
    """Make a cold and a warm run a side; ratios are .4 cold, .75 warm, .25 for refits."""
    return [
        fit("package", "cold", 40.0),
        fit("plain", "cold", 100.0),
        fit("package", "warm", 15.0, refit={"seconds": 5.0} | (package or {})),
        fit("plain", "warm", 20.0, refit={"seconds": 20.0} | (plain or {})),
    ]


def values(found):
    return {name: ratio.value for name, ratio in found.items()}


def page(tmp_path, rows, accepted=None, kinds=("crime", "appendix")):
    new = {name: ratio for kind in kinds for name, ratio in ratios(rows, kind).items()}
    path = tmp_path / "benchmarks.md"
    write_page(path, rows, new, accepted or {}, command="nox -s bench", machine="2 cores")
    return path.read_text(encoding="utf-8")


def test_the_gates_are_those_of_the_documents():
    for name in ("crime_trend", "safety_trend"):
        gates = ae.load_model_spec(name).gates
        assert (gates.ess_min, gates.rhat_max) == (speed_page.TARGET_ESS, speed_page.RHAT_MAX)
        assert gates.divergences_max == 0


def test_ratios_of_valid_runs_and_their_aims():
    found = ratios(runs(), "crime")
    assert values(found) == {"crime cold": 0.4, "crime warm": 0.75, "crime refit": 0.25}
    assert [ratio.reached for ratio in found.values()] == [True, False, True]


def test_fewer_effective_draws_than_the_gate_asks_cost_the_time_they_lack():
    found = ratios([fit("package", "warm", 10.0, ess=200.0), fit("plain", "warm", 40.0)], "crime")
    assert found["crime warm"].value == 0.5


@pytest.mark.parametrize(
    ("missed", "why"),
    [({"divergences": 4}, "4 divergences"), ({"rhat": 1.013}, "R-hat 1.013"),
     ({"rhat": float("nan")}, "R-hat nan")],
)  # fmt: skip
@pytest.mark.parametrize("side", ["package", "plain"])
def test_a_refit_that_missed_its_gates_is_no_valid_one(side, missed, why):
    found = ratios(runs(**{side: missed}), "crime")
    refit = found.pop("crime refit")
    assert (refit.value, refit.reached) == (None, None)
    assert refit.note == f"{side}: 1 of 1 invalid ({why})"
    assert refit.failed is (side == "package")
    assert values(found) == {"crime cold": 0.4, "crime warm": 0.75}


def test_the_valid_runs_of_a_side_are_kept():
    extra = [fit("plain", "warm", 500.0, divergences=2), fit("plain", "warm", 30.0)]
    found = ratios(runs() + extra, "crime")["crime warm"]
    assert found.value == 0.6  # 15 over the median of 20 and 30
    assert found.note == "plain: 1 of 3 invalid (2 divergences)"


def test_the_appendix_is_timed_against_plain_crime_of_the_same_run():
    found = ratios(runs() + appendix(140.0, 50.0), "appendix")
    assert values(found) == {"appendix cold": 7.0, "appendix warm": 2.5}
    assert [ratio.reached for ratio in found.values()] == [False, True]


def test_without_its_yardstick_the_appendix_has_seconds_alone():
    found = ratios(appendix(140.0, 50.0), "appendix")
    assert values(found) == {"appendix cold": None, "appendix warm": None}
    assert [ratio.reached for ratio in found.values()] == [False, True]
    assert all("not run" in ratio.note for ratio in found.values())
    assert regressions(found, {"appendix cold": 7.0}) == {}


def test_what_is_a_regression():
    new = ratios(runs(), "crime")  # .4, .75, .25
    assert regressions(new, {}) == {}
    assert regressions(new, {"crime cold": 0.32, "crime warm": 0.6}) == {}  # 1.25 and no more
    assert regressions(new, {"crime cold": 0.319}) == {"crime cold": "1.25 times the accepted"}
    lost = ratios(runs(package={"divergences": 1}), "crime")
    assert regressions(lost, {"crime refit": 0.25}) == {"crime refit": "no valid run any more"}
    others = ratios(runs(plain={"divergences": 1}), "crime")
    assert regressions(others, {"crime refit": 0.25}) == {}


def test_the_page_says_runs_aims_and_what_became_slower(tmp_path):
    rows = runs(plain={"divergences": 4}) + appendix(140.0, 50.0)
    rows += [fit(task, "warm", 15.0) for task in ("package", "plain")]
    text = page(tmp_path, rows, {"crime cold": 0.2, "safety warm": 0.7})
    assert "1 cold of each model and side, 2 warm of each model and side" in text
    assert "1 cold of the appendix, 1 warm of the appendix" in text
    assert "- reached: crime cold, appendix warm\n" in text
    assert "- missed: crime warm, appendix cold\n" in text
    assert "- no answer: crime refit\n" in text
    assert "| crime cold | 0.40 | 0.50 | reached | 0.20 | **2.00 times the accepted** |" in text
    assert "| crime refit | – | 0.33 | no answer | – | plain: 1 of 1 invalid (4 div" in text
    assert "| appendix cold | 8.00 | 120 s, took 140 s | missed | – |" in text
    assert "| safety warm | – | – | no answer | 0.70 | not measured in this run |" in text
    assert "last accepted run: crime cold (2.00 times the accepted)." in text


def test_every_row_of_the_page_fills_its_table(tmp_path):
    tables = page(tmp_path, runs() + appendix(140.0, 50.0)).split("\n\n")
    widths = [{line.count("|") for line in t.splitlines()} for t in tables if t.startswith("|")]
    assert [len(w) for w in widths] == [1, 1]


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the script with made-up measurements; return its page and what it keeps."""
    page, kept = tmp_path / "benchmarks.md", tmp_path / "numbers.json"
    monkeypatch.setattr(measure_speed, "PAGE", page)
    monkeypatch.setattr(measure_speed, "KEPT", kept)

    def run(*arguments, accepted, rows):
        kept.write_text(json.dumps(accepted))
        monkeypatch.setattr(measure_speed, "compare", lambda *_: rows)
        monkeypatch.setattr("sys.argv", ["measure_speed.py", *arguments, "crime"])
        measure_speed.main()

    return run, page, kept


def test_a_regression_fails_after_the_page_is_written(run):
    script, page, kept = run
    with pytest.raises(SystemExit, match=r"crime warm: 1\.50 times") as stop:
        script(accepted={"crime warm": 0.5}, rows=runs())
    assert isinstance(stop.value.code, str)  # a message is exit status 1
    assert "**1.50 times the accepted**" in page.read_text()
    assert json.loads(kept.read_text()) == {"crime warm": 0.5}


def test_accept_stores_what_is_valid_and_is_slower(run):
    script, page, kept = run
    script("--accept", accepted={"crime warm": 0.5, "safety cold": 0.9}, rows=runs())
    assert "**1.50 times the accepted**" in page.read_text()
    assert json.loads(kept.read_text()) == {
        "crime warm": 0.75, "safety cold": 0.9, "crime cold": 0.4, "crime refit": 0.25
    }  # fmt: skip


def test_an_invalid_fit_is_never_accepted(run):
    script, _, kept = run
    with pytest.raises(SystemExit, match="no valid run any more"):
        script("--accept", accepted={"crime refit": 0.3}, rows=runs(package={"divergences": 1}))
    assert json.loads(kept.read_text())["crime refit"] == 0.3


def test_no_regression_no_failure(run):
    script, page, _ = run
    script(accepted={"crime warm": 0.7}, rows=runs())
    assert "last accepted run: none." in page.read_text()


def test_the_kept_ratios_are_ones_a_run_can_have():
    rows = runs() + [row | {"model": "safety"} for row in runs()] + appendix(1.0, 1.0)
    known = {name for kind in ("crime", "safety", "appendix") for name in ratios(rows, kind)}
    kept = json.loads(measure_speed.KEPT.read_text())
    assert kept
    assert set(kept) <= known
    assert all(value > 0 for value in kept.values())


def test_refits_of_a_process_are_as_good_as_their_worst():
    found = iter(
        [WITHIN, {"ess": 900.0, "rhat": 1.001, "divergences": 0},
         {"ess": 3000.0, "rhat": 1.02, "divergences": 3}]
    )  # fmt: skip
    told = measure_speed.run_fit(lambda _: (next(found), lambda _: next(found)), "crime", 2)
    assert (told["refit_ess"], told["refit_rhat"], told["refit_divergences"]) == (900.0, 1.02, 3)
    assert told["refit_seconds"] == pytest.approx(told["all_refits"] / 2)
