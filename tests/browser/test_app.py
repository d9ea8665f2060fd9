"""The page for those without a terminal, in a real browser with a real workbook to the end."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
TRIAL = Path(__file__).parents[1] / "year_by_year" / "trial_year"
#: A real status: both models are fitted.
PATIENCE = 30 * 60 * 1000


def start(home):
    """Start the command, and return it with the address it tells."""
    started = subprocess.Popen(
        [sys.executable, "-m", "amager_eval", "app", "--no-browse"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        env={**os.environ, "XDG_CONFIG_HOME": str(home / "config")},
    )
    assert started.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", started.stdout.readline())
    assert found is not None
    return started, found[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def address(home):
    started, address = start(home)
    yield address
    started.terminate()
    started.wait(timeout=60)
    started.stdout.close()


def sound(page):
    """No accessibility fault, nothing cut off at 320 px, nothing asked of another computer."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        results = axe.Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1280, "height": 800})


def press(page, name):
    """Press a button as one does who has no mouse, when the page has come to rest.

    A page that opens at a heading moves the focus there once it is drawn: on a busy machine that
    is after a test has moved it to the button.
    """
    page.wait_for_load_state()
    page.evaluate("new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)))")
    page.get_by_role("button", name=name, exact=False).first.press("Enter")


def give(page, year):
    page.get_by_label("Træk indberetningen hertil").set_input_files(
        TRIAL / f"indberetning_{year}.xlsx"
    )
    press(page, "Læs indberetningen")
    page.get_by_role("heading", name=f"Gennemsyn af indberetning_{year}").wait_for()


def test_a_year_from_the_workbook_to_the_record(browser, address, home):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(120_000)
    requested = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address)
    sound(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_label("Arkivmappe").fill(str(home / "arkiv"))
    page.get_by_label("Mappe til bilag").fill(str(home / "bilag"))
    press(page, "Brug disse mapper")
    give(page, 2024)
    sound(page)
    press(page, "Frys udgangspunktet")
    page.get_by_text("605 (29,4 pr. 1.000 indbyggere").wait_for()
    give(page, 2026)

    press(page, "Lav status 2026")
    page.get_by_role("progressbar").wait_for()
    sound(page)
    press(page, "Stop")
    page.get_by_text("Status blev stoppet. Intet er skrevet.").wait_for()
    assert [p.name for p in (home / "bilag").iterdir() if p.name.startswith(("app", ".un"))] == []

    press(page, "Lav status 2026")
    page.get_by_role("progressbar").wait_for()
    page.close()  # a closed tab: the status is made all the same
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address)
    page.get_by_role("heading", name="Bilag 2026").first.wait_for(timeout=PATIENCE)
    assert page.frame_locator("iframe").locator("h1").inner_text().startswith("Amager Partnerskab")
    sound(page)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Bilaget (PDF)").click()
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF")
    press(page, "Gem i arkivet")
    page.get_by_text("Status 2026 er gemt i arkivet.").wait_for()
    assert (home / "arkiv" / "2026.json").exists()
    assert all(url.startswith((address, "data:", "blob:")) for url in requested)
    page.close()


def test_a_killed_program_loses_nothing(browser, home, address):
    page = browser.new_page()
    page.set_default_timeout(120_000)
    second, other = start(home)  # two at a time: the second knows the folders of the first
    page.goto(other)
    page.get_by_text(str(home / "arkiv")).first.wait_for()
    page.get_by_role("link", name="Bilag 2026").first.wait_for()
    press(page, "Lav status 2026")
    page.get_by_role("progressbar").wait_for()
    second.kill()
    second.wait()
    second.stdout.close()
    page.goto(address)
    page.get_by_role("link", name="Bilag 2026").first.click()
    page.frame_locator("iframe").locator("h1").wait_for()
    page.close()
