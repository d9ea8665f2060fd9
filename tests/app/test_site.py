"""The page: for this computer alone, in Danish, and nothing half done."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from amager_eval.app.kept import remembered
from amager_eval.app.site import Site, make_app
from amager_eval.spec.agreement import load_agreement

TRIAL = Path(__file__).parents[1] / "year_by_year" / "trial_year"
WAITS = "import sys; sys.stdin.read()"
#: Makes an appendix that holds nothing but its name.
MAKES = """
import json, pathlib, sys
request = json.loads(sys.stdin.readline())
folder = pathlib.Path(request["out"], "appendix-2026")
folder.mkdir(parents=True, exist_ok=True)
(folder / "appendix.html").write_text("<h1>Bilag</h1>", encoding="utf-8")
(folder / "appendix.pdf").write_bytes(b"%PDF")
(folder / "statement.json").write_text('{"year": 2026, "draft": false}', encoding="utf-8")
print(json.dumps({"year": 2026}))
"""


@pytest.fixture
def site(tmp_path):
    made = Site(
        load_agreement(),
        name="amager_2025_2028",
        lang="da",
        settings=tmp_path / "settings" / "a.json",
        close=lambda: None,
        command=(sys.executable, "-c", WAITS),
    )
    yield made
    if made.job is not None:
        made.job.stop()


@pytest.fixture
def client(site):
    return TestClient(make_app(site, "secret"), base_url="http://127.0.0.1")


@pytest.fixture
def at_work(client, tmp_path):
    """The client, once folders are chosen."""
    folders = {"record": str(tmp_path / "arkiv"), "out": str(tmp_path / "bilag")}
    assert client.post("/secret/folders", data=folders).status_code == 200
    return client


def give(client, path, name=None):
    content = path.read_bytes()
    return client.post("/secret/delivery", files={"workbook": (name or path.name, content)})


@pytest.mark.parametrize("path", ["/", "/secre/", "/secrets/", "/page.css", "//secret/"])
def test_another_address_is_not_found(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "[::1]", ""])
def test_another_host_is_refused(client, host):
    assert client.get("/secret/", headers={"host": host}).status_code == 400


def test_every_answer_keeps_to_itself(client):
    for path in ("/secret/", "/secret/page.js", "/nothing"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_folders_are_chosen_once(client, site, tmp_path):
    first = client.get("/secret/").text
    assert "Vælg mapperne én gang" in first
    assert "Lav status" not in re.sub(r"<title>.*?</title>", "", first).replace("5. Lav", "")
    folders = {"record": "arkiv", "out": str(tmp_path / "bilag")}
    refused = client.post("/secret/folders", data=folders)
    assert refused.status_code == 422
    assert "mappen skal skrives med hele sin sti; fundet &#39;arkiv&#39;" in refused.text
    assert remembered(site.settings) is None
    folders["record"] = str(tmp_path / "arkiv")
    assert "Mapperne er husket." in client.post("/secret/folders", data=folders).text
    assert remembered(site.settings).record == str(tmp_path / "arkiv")


def test_a_workbook_is_previewed_frozen_and_made_a_status_of(at_work, site, tmp_path):
    page = give(at_work, TRIAL / "indberetning_2024.xlsx").text
    assert "Gennemsyn af indberetning_2024.xlsx" in page
    page = at_work.post("/secret/baseline").text
    assert "605 (29,4 pr. 1.000 indbyggere; 20.600 indbyggere 1. januar 2024)" in page
    assert at_work.get("/secret/baseline/udgangspunkt.docx").status_code == 200
    page = give(at_work, TRIAL / "indberetning_2026.xlsx").text
    assert "Ret udgangspunktet (kræver en begrundelse)" in page
    before = (tmp_path / "arkiv" / "baseline.json").read_text(encoding="utf-8")
    at_work.post("/secret/baseline", data={"reason": "Politiet har rettet tallet."})
    kept = (tmp_path / "arkiv" / "baseline.json").read_text(encoding="utf-8")
    assert kept == before  # the same figures are no revision
    assert "Mål 1a" in page
    assert "ikke nået (83 % i 2026, 85 % i 2025)".replace(" %", "\N{NO-BREAK SPACE}%") in page
    page = at_work.post("/secret/status", data={"year": "2025"}).text
    first = site.job
    assert 'data-state="running"' in page
    at_work.post("/secret/status")
    assert site.job is first  # a second click finds the one at work
    assert at_work.get("/secret/progress").json()["told"] == "Læser indberetningen"
    assert "Status blev stoppet. Intet er skrevet." in at_work.post("/secret/stop").text
    assert not list((tmp_path / "bilag").glob("appendix-*"))


def test_a_finished_appendix_is_shown_taken_and_kept(at_work, site, tmp_path):
    at_work.post("/secret/delivery", files={"workbook": ("ny.xlsx", b"unread")})
    site._command = (sys.executable, "-c", MAKES)
    at_work.post("/secret/status")
    site.job.wait(20)
    assert remembered(site.settings).seconds.keys() == {"reading"}
    shutil.copytree(tmp_path / "bilag" / "appendix-2026", tmp_path / "bilag" / "appendix-2025")
    page = at_work.get("/secret/appendix/2026/").text
    assert 'title="Bilag 2026"' in page
    assert 'title="Året før: bilag 2025"' in page
    assert "Bilaget (PDF)" in page
    assert at_work.get("/secret/appendix/2026/appendix.pdf").content == b"%PDF"
    for path in ("../../settings/a.json", "..%2f..%2fsettings%2fa.json", "missing.pdf"):
        assert at_work.get(f"/secret/appendix/2026/{path}").status_code == 404
    assert at_work.get("/secret/appendix/2027/").status_code == 404
    page = at_work.post("/secret/appendix/2026/record").text
    assert "Status 2026 er gemt i arkivet." in page
    statement = tmp_path / "bilag" / "appendix-2026" / "statement.json"
    statement.write_text('{"year": 2026, "draft": false, "new": 1}', encoding="utf-8")
    refused = at_work.post("/secret/appendix/2026/record")
    assert refused.status_code == 422
    assert "arkivet har en anden status for 2026" in refused.text


def test_what_is_no_workbook_is_refused_in_danish_and_nothing_is_kept(at_work, site, tmp_path):
    before = remembered(site.settings)
    refused = give(at_work, TRIAL / "README.md")
    assert refused.status_code == 422
    assert "filen er ikke et regneark" in refused.text
    assert "der er ikke valgt nogen indberetning" in at_work.post("/secret/delivery").text
    assert "der er ikke valgt nogen indberetning" in at_work.post("/secret/status").text
    assert remembered(site.settings) == before
    assert not (tmp_path / "bilag" / "deliveries").exists()


def test_a_workbook_with_faults_shows_them_and_offers_no_status(at_work):
    page = give(at_work, TRIAL / "stille_fejl.xlsx").text
    assert "mente du &#39;Indbrud&#39;?" in page
    assert "Ret indberetningen" in page
    assert 'action="/secret/status"' not in page


def test_no_workbook_is_overwritten_by_another_of_its_name(at_work, tmp_path):
    kept = tmp_path / "bilag" / "deliveries"
    for content in (b"one", b"two", b"two"):
        at_work.post("/secret/delivery", files={"workbook": ("C:\\tal\\ny.xlsx", content)})
    assert sorted(p.name for p in kept.iterdir()) == ["ny (2).xlsx", "ny.xlsx"]


def test_a_template_can_be_taken(client):
    got = client.get("/secret/template.xlsx?published=1")
    assert got.content.startswith(b"PK")
    assert 'filename="indberetning.xlsx"' in got.headers["content-disposition"]


def test_spoilt_settings_are_told(client, site):
    site.settings.parent.mkdir(parents=True)
    site.settings.write_text("{", encoding="utf-8")
    page = client.get("/secret/").text
    assert "programmets indstillinger kan ikke læses" in page
