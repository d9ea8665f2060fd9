"""Sessions: start with `python3 -m uv run nox -s NAME`."""

from pathlib import Path
from tempfile import TemporaryDirectory

import nox

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "types", "floors", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.download_python = "never"  # a version that is not there is skipped, and said so
nox.options.error_on_missing_interpreters = False

PYTHONS = ("3.12", "3.13")


def sync(session: nox.Session, *groups: str) -> None:
    """Install the locked dependencies into the session's own environment."""
    wanted = [arg for group in groups for arg in ("--group", group)]
    session.run_install(
        "uv",
        "sync",
        "--locked",
        *wanted,
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
        external=True,
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Style, imports and docstrings: ruff, and numpydoc on public names."""
    sync(session)
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("numpydoc", "lint", *(str(p) for p in sorted(Path("src").rglob("*.py"))))
    session.run("pytest", "-q", "tests/test_docstrings.py")


@nox.session
def types(session: nox.Session) -> None:
    """Static types: mypy strict on src, on the scripts of analyses and on a user's script."""
    sync(session)
    session.run("mypy")
    session.run("pytest", "-q", "-m", "types", "tests/docs")  # on what mypy has read just now


@nox.session
def floors(session: nox.Session) -> None:
    """Data flows one way: the import contracts of the house."""
    sync(session)
    session.run("lint-imports")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Every test but the slow ones, one real end-to-end run included."""
    sync(session)
    # files stay whole, so that what they share is made once; tests/conftest.py says which begin
    workers = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
    session.run("pytest", "--mpl", *workers, *session.posargs, env=ONE_THREAD_EACH)


#: Two workers on two cores; and what one process compiles of a library the next one finds.
ONE_THREAD_EACH = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "",
}


@nox.session
def slow(session: nox.Session) -> None:
    """Real sampling and simulation of minutes to hours; peers and second samplers with it."""
    sync(session, "bench")
    session.run("pytest", "-m", "slow", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Time against plain PyMC in the same run, half an hour or more; writes docs/benchmarks.md.

    Fails where a ratio is above 1.25 times the last accepted one; `-- --accept` accepts this run's.
    """
    sync(session)
    session.run("python", "tests/benchmarks/measure_speed.py", *session.posargs)


@nox.session
def appendix(session: nox.Session) -> None:
    """The annual appendix from the bundled published figures."""
    sync(session)
    session.run("amager-eval", "appendix", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """The web page in a real headless Chromium: axe-core, keyboard, 320 px."""
    sync(session, "browser")
    workers = ("-n", "2", "--dist", "loadfile")  # the page on one, the app on the other
    browsed = ("tests/browser", "-m", "browser", *workers, *session.posargs)
    session.run("pytest", *browsed, env=ONE_THREAD_EACH)


@nox.session
def docs(session: nox.Session) -> None:
    """The site, warnings as errors, its tutorials and every example executed."""
    sync(session, "docs")
    session.run("sphinx-build", "-E", "-W", "--keep-going", "docs", "docs/_build/html")
    session.run("pytest", "-q", "src", "tests/docs")  # docstrings run where their names are


@nox.session
def site(session: nox.Session) -> None:
    """The site of this version beside those of earlier ones: build/site/<version>, and a list."""
    sync(session, "docs")
    version = session.run("python", "-c", VERSION, silent=True).strip()
    out = Path("build", "site")
    session.run("sphinx-build", "-E", "-W", "--keep-going", "docs", out / version)
    versions = sorted((p.parent.name for p in out.glob("*/index.html")), reverse=True)
    links = "".join(f'<li><a href="{v}/">{v}</a></li>' for v in versions)
    page = f'<!doctype html><html lang="en"><title>amager_eval</title><ul>{links}</ul></html>\n'
    (out / "index.html").write_text(page, encoding="utf-8")


VERSION = "from importlib.metadata import version; print(version('amager-eval'))"


@nox.session(python=PYTHONS)
def package(session: nox.Session) -> None:
    """Wheel and sdist, checked, and the wheel at work in a clean environment elsewhere."""
    sync(session, "package")
    with TemporaryDirectory() as outside:
        dist, clean = Path(outside, "dist"), Path(outside, "clean")
        session.run("uv", "build", "--quiet", "--out-dir", dist, external=True)
        (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
        session.run("twine", "check", "--strict", wheel, sdist)
        session.run("check-wheel-contents", wheel)
        # cffconvert has an environment of its own: it wants an old jsonschema
        session.run("uv", "tool", "run", "cffconvert==2.0.0", "--validate", external=True)

        python = clean / "bin" / "python"
        session.run("uv", "venv", "--quiet", "--python", session.python, clean, external=True)
        session.run("uv", "pip", "install", "--quiet", "--python", python, wheel, external=True)
        with session.chdir(outside):
            for command in (["--help"], ["template", "t.xlsx"], ["synthetic", "city"],
                            ["check", "city"],
                            ["appendix", "--input", "city", "--draft", "--draws", "50",
                             "--out", "appendix"]):  # fmt: skip
                session.run(clean / "bin" / "amager-eval", *command, external=True)
            assert Path("appendix", "appendix.pdf").read_bytes().startswith(b"%PDF")
            session.run(python, "-c", INSTALLED, external=True)


INSTALLED = """
import amager_eval as ae
from amager_eval import significance as sg
assert "site-packages" in ae.__file__, ae.__file__
assert ae.load_agreement().safety.target_wave == 2028
assert ae.load_model_spec("safety_trend").priors
assert len(ae.published().safety) > 0
assert sg.difference(252, 300, 210, 300).significant
print(ae.__file__)
"""
