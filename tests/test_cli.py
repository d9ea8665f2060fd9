"""The command line: exit codes, messages, and that nothing is written when something is wrong."""

import re
import time
from types import SimpleNamespace

import pytest

from amager_eval import cli
from amager_eval.errors import GateError, InputError
from amager_eval.evaluation import evaluate as evaluation
from amager_eval.evaluation.fit import _named
from amager_eval.report import write
from amager_eval.wording.sentences import load_wording


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "input"
    path.mkdir()
    return path


def test_the_help_names_the_years_commands_first_and_the_laboratory_apart(run):
    _, told, _ = run("--help", "--lang", "en")
    year, examinations = told.split(cli.EXAMINATIONS)
    assert all(re.search(rf"^  {c} ", year, re.M) for c in ("appendix", "check", "record"))
    assert all(
        re.search(rf"^  {c} ", examinations, re.M) for c in ("synthetic", "backtest", "validate")
    )


def test_a_bad_cell_ends_with_2_and_its_place_and_nothing_written(run, folder, tmp_path):
    (folder / "safety.csv").write_text(
        "area,wave,setting,response,percent\nKøbenhavn,2024,night,safe,80\nNord,2024,night,safe,187\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    for lang, place, ending in (
        ("da", "safety.csv, række 3, kolonne percent", "intet er skrevet"),
        ("en", "safety.csv, row 3, column percent", "nothing was written"),
    ):
        code, _, err = run("appendix", "--input", folder, "--out", out, "--lang", lang)
        assert code == 2
        assert place in err
        assert "187" in err
        assert ending in err
        assert "Traceback" not in err
        assert not out.exists()


def test_a_failed_gate_ends_with_3_and_nothing_published(run, monkeypatch, tmp_path):
    def refuse(*_args, **_kwargs):
        raise GateError(["safety_trend: 3 divergent transitions (at most 0 allowed)"])

    monkeypatch.setattr(evaluation, "evaluate", refuse)
    out = tmp_path / "out"
    code, _, err = run("appendix", "--out", out)
    assert code == 3
    assert "tryghed: divergenser (»safety_trend: 3 divergent transitions" in err
    assert "intet er offentliggjort" in err
    assert not out.exists()


@pytest.mark.parametrize("before", [True, False])
def test_a_run_says_before_it_replaces_an_older_status(run, monkeypatch, tmp_path, before):
    out = tmp_path / "out"
    if before:
        out.mkdir()

    def stop(*_args, **_kwargs):
        raise InputError("written no further")

    monkeypatch.setattr(evaluation, "evaluate", lambda *_, **__: SimpleNamespace(year=2026))
    monkeypatch.setattr(write, "write_appendix", stop)
    code, _, err = run("appendix", "--out", out)
    assert code == 2
    assert ("bliver erstattet" in err and str(out) in err) is before


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("appendix", "--lang", "fr"), "sproget skal være da eller en; fundet 'fr'"),
        (("appendix", "--input", "no-such-folder"), "no-such-folder"),
        (("appendix", "--year", "1999"), "undersøgelsesåret 1999 er ikke i indberetningen"),
        (("appendix", "--year", "1999", "--lang=en"), "wave 1999 is not in the input"),
        (("appendix", "--date", "12. maj"), "datoen er ingen dato; fundet '12. maj'"),
        (("appendix", "--only"), "--only tager en indberetning alene"),
        (("appendix", "--agreement", "no_such"), "der er ingen aftale, der hedder 'no_such'"),
        (("chek", "x"), "der er ingen kommando, der hedder 'chek'"),
        (("check", "--inptu", "x"), "check kender ikke --inptu"),
        (("check",), "check mangler PATH"),
        (("check", "a", "b"), "check er skrevet med noget, der ikke kan læses; fundet 'b'"),
        (
            ("check", "a", "b", "--lang", "en"),
            "check is written with something that cannot be read",
        ),
        (("appendix", "--year"), "appendix mangler en værdi efter --year"),
        (
            ("appendix", "--year", "i år"),
            "--year i appendix kan ikke være det, der står; fundet 'i år'",
        ),
        (("appendix", "--agreement", "no.toml"), "dokumentet no.toml findes ikke"),
        (("record", "burn", "."), "record kender list, show og verify"),
        (("record", "show", "."), "skal have et år"),
    ],
)
def test_a_wrong_call_ends_with_2(run, args, says):
    code, _, err = run(*args)
    assert code == 2
    assert says in err
    assert "Traceback" not in err


def test_a_statement_that_could_not_be_written_is_not_kept(run, monkeypatch, tmp_path):
    class Kept:
        year, draft = 2026, False

        def to_json(self):
            return "{}\n"

    def fail(*_args, **_kwargs):
        raise cli.InputError("the folder cannot be written")

    monkeypatch.setattr(evaluation, "evaluate", lambda *_a, **_k: Kept())
    monkeypatch.setattr(write, "write_appendix", fail)
    code, _, _ = run("appendix", "--record", tmp_path / "record", "--out", tmp_path / "out")
    assert code == 2
    assert not (tmp_path / "record").exists()


def test_check_lists_every_fault_and_counts_them(run, folder):
    (folder / "safety.csv").write_text(
        "area,wave,setting,response,percent\nNord,2024,night,safe,187\nNord,2025,night,frygtsom,80\n",
        encoding="utf-8",
    )
    for lang, row, column, counted in (
        ((), "række", "kolonne", "2 fejl"),
        (("--lang", "en"), "row", "column", "2 errors"),
    ):
        code, out, _ = run("check", folder, *lang)
        assert code == 2
        assert f"{row} 2, {column} percent" in out
        assert f"{row} 3, {column} response" in out
        assert counted in out


def test_check_of_a_clean_folder_ends_with_0(run, folder):
    (folder / "activities.csv").write_text(
        "activity,focus_area,partners\nLektiehjælp,Job og fritid,SSP;3B\n", encoding="utf-8"
    )
    code, out, _ = run("check", folder)
    assert code == 0
    assert "0 fejl" in out
    assert "Mål 3" in out


def test_record_lists_nothing_where_nothing_is_kept(run, tmp_path):
    assert run("record", "list", tmp_path)[:2] == (0, "der er endnu ingen status i arkivet\n")
    code, out, _ = run("record", "verify", tmp_path)
    assert (code, out) == (0, "der er endnu intet i arkivet\n")


def test_a_bar_stands_for_every_step_and_those_that_are_left(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with cli._progress("en", ("safety_trend", "crime_trend", "writing")) as report:
        told = _named(report, "safety_trend")
        assert told is not None
        told(5, 10)
        report("crime_trend", 10, 10)
    shown = capsys.readouterr().err
    assert "safety_trend" in shown
    assert "50%" in shown
    last = shown.splitlines()[-2:]
    assert "crime_trend" in "".join(last)
    assert "writing" not in "".join(last)  # the next part of the run tells it


def test_in_a_file_a_line_tells_each_step_and_goes_on_telling(capsys):
    words = load_wording("da")
    with cli._lines(words, ("safety_trend", "crime_trend", "writing"), every=0.02) as report:
        report("safety_trend", 0, 0)
        report("safety_trend", 3, 10)
        time.sleep(0.1)
        report("crime_trend", 0, 0)
        report("writing", 0, 0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "tryghed, 0 s; tilbage: kriminalitet, skriver"
    assert lines.count("tryghed 30%, 0 s; tilbage: kriminalitet, skriver") >= 2
    assert "kriminalitet, 0 s; tilbage: skriver" in lines
    assert "skriver, 0 s" in lines


def test_backtest_prints_the_league_and_names_a_wrong_panel(run, monkeypatch, tmp_path):
    from amager_eval.evidence.backtest import own as backtest_own
    from amager_eval.evidence.backtest import panels as backtest_panels
    from amager_eval.evidence.backtest.compare import compare
    from amager_eval.evidence.backtest.panels import copenhagen
    from amager_eval.evidence.backtest.run import Backtest
    from amager_eval.evidence.peers.stored import read_peer_scores

    panel = copenhagen()
    peers = read_peer_scores(panel)
    own = peers[peers["forecaster"] == "prophet"].assign(forecaster="amager_eval")
    result = Backtest(panel.name, "amager_eval", own, own.head(0))
    seen = {}

    def fake(chosen, **options):
        seen.update(options, panel=chosen.name)
        return result, compare(chosen, result, peers)

    monkeypatch.setattr(backtest_own, "backtest_own", fake)
    monkeypatch.chdir(tmp_path)
    code, said, _ = run("backtest", "copenhagen", "--scheduler", "tcp://host:8786")
    assert code == 0
    assert seen["panel"] == "copenhagen"
    assert seen["scheduler"] == "tcp://host:8786"
    assert seen["final"] is False
    assert "amager_eval" in said
    assert (tmp_path / "build" / "backtest-copenhagen" / "copenhagen_league.csv").is_file()
    assert (tmp_path / "build" / "backtest-copenhagen" / "copenhagen_differences.svg").is_file()
    monkeypatch.setitem(backtest_panels.PANELS, "crime_quarterly", copenhagen)
    assert run("backtest")[0] == 0  # the municipalities, where nothing is named
    code, _, err = run("backtest", "nowhere")
    assert code == 2
    assert "no such panel" in err
    candidate = tmp_path / "candidate.toml"
    assert run("backtest", "copenhagen", "--spec", str(candidate))[0] == 0
    assert seen["spec"] == candidate
    code, _, err = run("backtest", "copenhagen", "--spec", str(candidate), "--keep")
    assert code == 2
    assert "register it in models/ first" in err


def test_backtest_of_an_input_names_the_peers_left_out(run, monkeypatch, folder):
    from amager_eval.errors import InputError
    from amager_eval.evidence.backtest import own as backtest_own

    rows = [f"North,{year},theft,60,police\n" for year in range(2012, 2025)]
    (folder / "crime.csv").write_text(
        "area,period,crime_type,count,definition\n" + "".join(rows), "utf-8"
    )

    def stop(*_, **__):
        raise InputError("far enough")

    real = backtest_own.find_spec
    monkeypatch.setattr(backtest_own, "backtest_own", stop)
    monkeypatch.setattr(
        backtest_own, "find_spec", lambda name: None if name == "prophet" else real(name)
    )
    code, said, err = run("backtest", folder)
    assert (code, said) == (2, "")
    assert "prophet" in err
    assert "pip install 'amager-eval[bench]'" in err
    assert "seasonal_naive" not in err
    assert "pip install" not in run("backtest", "copenhagen")[2]  # its peers are stored
