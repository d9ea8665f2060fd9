"""Sessions: start with `python3 -m uv run nox -s NAME`."""

import nox

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "types", "floors", "tests"]
nox.options.reuse_existing_virtualenvs = True


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


@nox.session
def types(session: nox.Session) -> None:
    """Static types: mypy strict on src."""
    sync(session)
    session.run("mypy")


@nox.session
def floors(session: nox.Session) -> None:
    """Data flows one way: the import contracts of the house."""
    sync(session)
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """Every test but the slow ones, one real end-to-end run included."""
    sync(session)
    session.run("pytest", "--mpl", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Real sampling and simulation of minutes to hours."""
    sync(session)
    session.run("pytest", "-m", "slow", *session.posargs)


@nox.session
def appendix(session: nox.Session) -> None:
    """The annual appendix from the bundled published figures."""
    sync(session)
    session.run("amager-eval", "appendix", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """The web page in a real headless Chromium: axe-core, keyboard, 320 px."""
    sync(session, "browser")
    session.run("pytest", "-m", "browser", *session.posargs)
