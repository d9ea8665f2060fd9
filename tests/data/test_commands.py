"""The commands that read and write inputs, through the command line."""


def test_template_then_check_in_danish(run, tmp_path):
    path = tmp_path / "skabelon.xlsx"
    assert run("template", path)[0] == 0
    code, out, _ = run("check", path, "--lang", "da")
    assert code == 2
    assert "fejl: skabelon.xlsx: ingen af arkene er udfyldt" in out
    assert "1 fejl, 0 advarsler" in out
    code, _, err = run("template", path)
    assert code == 2
    assert "filen findes og røres ikke" in err


def test_a_synthetic_workbook_is_clean(run, tmp_path):
    code, out, _ = run("synthetic", tmp_path / "by", "--workbook")
    assert code == 0
    assert "SYNTETISKE DATA" in out
    code, out, _ = run("check", tmp_path / "by" / "syntetisk.xlsx", "--lang", "en")
    assert (code, out.splitlines()[-1]) == (0, "0 errors, 0 warnings")


def test_fetch_offline_without_a_cache_sends_nothing(run, tmp_path):
    asked = ("fetch", tmp_path / "in", "--offline", "--base-url", "http://127.0.0.1:9")
    code, _, err = run(*asked)
    assert code == 2
    assert "offline kræver en mappe" in err
    assert "offline needs a cache" in run(*asked, "--lang", "en")[2]
    assert not (tmp_path / "in").exists()


def test_an_unknown_language_is_told(run, tmp_path):
    code, _, err = run("check", tmp_path, "--lang", "fr")
    assert code == 2
    assert "da eller en" in err


def test_faults_are_counted_as_the_language_counts(run, tmp_path):
    (tmp_path / "befolkning.csv").write_text(
        "Område;Periode;Indbyggere;Farve\nNord;2024;x;blå\n", encoding="utf-8"
    )
    assert run("check", tmp_path, "--lang", "da")[1].splitlines()[-1] == "1 fejl, 1 advarsel"
    assert run("check", tmp_path, "--lang", "en")[1].splitlines()[-1] == "1 error, 1 warning"
    (tmp_path / "befolkning.csv").write_text(
        "Område;Periode;Indbyggere\nNord;2024;x\nNord;2025;y\n", encoding="utf-8"
    )
    assert run("check", tmp_path, "--lang", "da")[1].splitlines()[-1] == "2 fejl, 0 advarsler"
    assert run("check", tmp_path, "--lang", "en")[1].splitlines()[-1] == "2 errors, 0 warnings"
