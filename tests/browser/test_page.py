"""The page in a real browser: no accessibility fault, keyboard, 320 px, nothing requested."""

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=["da", "en"])
def url(make_statement, tmp_path_factory, request):
    from amager_eval.report.write import write_appendix

    out = tmp_path_factory.mktemp("page") / "out"
    # no mark of synthetic data: the source lines are longest without it
    write_appendix(make_statement(draft=True, synthetic=False), out, lang=request.param)
    return (out / "appendix.html").as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(browser, url, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    requested = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(url)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 320:  # no table is scrolled sideways either: the verdict is what would be cut off
        assert (
            page.evaluate(
                "[...document.querySelectorAll('.scroll')]"
                ".filter(s => s.scrollWidth > s.clientWidth)"
                ".map(s => s.getAttribute('aria-label'))"
            )
            == []
        )
    assert [r for r in requested if not r.startswith(("file:", "data:"))] == []
    page.close()


def test_numbers_open_by_keyboard(browser, url):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    page.close()


@pytest.mark.parametrize("width", [320, 390])
def test_no_letters_outside_their_figure(browser, url, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(url)
    outside = page.evaluate(
        """[...document.querySelectorAll('svg text')].filter(t => {
            const [own, all] = [t, t.ownerSVGElement].map(e => e.getBoundingClientRect());
            return own.width && (own.left < all.left - 0.5 || own.right > all.right + 0.5
                || own.top < all.top - 0.5 || own.bottom > all.bottom + 0.5);
        }).map(t => t.textContent)"""
    )
    assert outside == []
    assert page.evaluate("document.querySelectorAll('.narrow svg text').length") > 50
    page.close()
