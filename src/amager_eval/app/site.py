"""The page's addresses: what is shown, what is taken in, and what is done with it."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from amager_eval.app.folders import appendix_folder, sweep, years_in
from amager_eval.app.job import COMMAND, Job, Progress, seconds_left
from amager_eval.app.kept import Kept, keep, proposed_folder, remembered
from amager_eval.app.make_status import STEPS
from amager_eval.app.make_status import Request as StatusRequest
from amager_eval.data.delivery import published_to_confirm
from amager_eval.data.files.template import write_template
from amager_eval.data.read import read_input
from amager_eval.data.tables.fault_texts import error_lines
from amager_eval.errors import AmagerEvalError, InputError
from amager_eval.evaluation.preview import Preview, preview_delivery
from amager_eval.evaluation.preview_text import preview_sections
from amager_eval.record.baseline import freeze_baseline, load_baseline
from amager_eval.record.record import keep_statement, recorded_years
from amager_eval.report.baseline_table import baseline_rows, write_baseline_table
from amager_eval.spec.agreement import Agreement
from amager_eval.whole_file import whole_file
from amager_eval.wording.faults import fault_of
from amager_eval.wording.sentences import Lang, load_wording

__all__ = ["Site", "make_app"]

#: A workbook larger than this is none that was filled in by hand.
_MOST_BYTES: Final = 50 * 1024 * 1024
_WORKBOOKS: Final = frozenset({".xlsx", ".ods"})
#: What may be taken from an appendix, in the order it is offered.
_TO_TAKE: Final = (
    "appendix.pdf", "appendix.docx", "tables.xlsx", "method.pdf", "appendix.html", "statement.json",
)  # fmt: skip
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-src 'self'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
#: Said to the browser with every answer: keep nothing, tell nobody, load nothing from elsewhere.
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

type _Endpoint = Callable[[Request], Awaitable[Response]]


class _WithHeaders:
    """Every answer carries the headers that keep the page to itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(k.encode(), v.encode()) for k, v in _HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


class Site:
    """The page of an agreement.

    `name` is what the process that makes a status is asked for, `settings` the file of what is
    remembered, `close` ends the server, and `command` is the process that makes a status.
    """

    def __init__(
        self,
        agreement: Agreement,
        *,
        name: str,
        lang: Lang,
        settings: Path,
        close: Callable[[], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.agreement, self.name, self.lang = agreement, name, lang
        self.words = load_wording(lang)
        self.settings = settings
        self.job: Job | None = None
        self._close, self._command = close, tuple(command)
        self._preview: tuple[tuple[Any, ...], Preview] | None = None
        folder = files("amager_eval.app")
        self._template = Environment(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        ).from_string(folder.joinpath("page.html.jinja").read_text(encoding="utf-8"))
        appendix = files("amager_eval.report.forms").joinpath("appendix.css")
        own = folder.joinpath("page.css")
        self._style = appendix.read_text(encoding="utf-8") + own.read_text(encoding="utf-8")
        self._script = folder.joinpath("page.js").read_text(encoding="utf-8")

    def routes(self) -> list[Route]:
        """Return every address below the secret one."""
        return [
            Route("/", self.show),
            Route("/page.css", self.style),
            Route("/page.js", self.script),
            Route("/folders", _told(self.choose_folders, self), methods=["POST"]),
            Route("/delivery", _told(self.take_delivery, self), methods=["POST"]),
            Route("/template.xlsx", self.template),
            Route("/baseline", _told(self.freeze, self), methods=["POST"]),
            Route("/baseline/{name}", self.baseline_table),
            Route("/status", _told(self.start, self), methods=["POST"]),
            Route("/stop", self.stop, methods=["POST"]),
            Route("/progress", self.progress),
            Route("/appendix/{year:int}/", self.appendix),
            Route("/appendix/{year:int}/record", _told(self.record, self), methods=["POST"]),
            Route("/appendix/{year:int}/{path:path}", self.appendix_file),
            Route("/close", self.close, methods=["POST"]),
        ]

    # ------------------------------------------------------------------ shown
    async def show(self, request: Request) -> Response:
        """Show where the work stands."""
        return await run_in_threadpool(self._page, request)

    def _page(self, request: Request, faults: Sequence[str] = (), status: int = 200) -> Response:
        shown: dict[str, object] = {"kept": None, "preview": None, "baseline": None, "years": []}
        faults = list(faults)
        try:
            kept = remembered(self.settings)
            if kept is not None:
                shown |= {"kept": kept, "years": years_in(Path(kept.out))}
                shown |= self._baseline(kept)
                shown["preview"] = self._previewed(kept)
        except (AmagerEvalError, OSError) as error:
            faults += [f for f in error_lines(error, self.lang)[:-1] if f not in faults]
        return self._rendered(
            request, "home", faults, status, done=request.query_params.get("done", ""), **shown
        )

    def _rendered(
        self, request: Request, view: str, faults: Sequence[str], status: int, **shown: Any
    ) -> Response:
        done = shown.pop("done", "")
        page = self._template.render(
            view=view,
            root=request.scope["root_path"] + "/",
            say=self.words.say,
            agreement=self.agreement,
            lang=self.lang,
            faults=faults,
            done=self.words.say(f"app.done_{done}") if self.words.has(f"app.done_{done}") else "",
            proposed=proposed_folder(self.agreement),
            job=None if self.job is None else self._progress_shown(self.job.progress),
            **shown,
        )
        return HTMLResponse(page, status)

    def _baseline(self, kept: Kept) -> dict[str, object]:
        """Rows of the frozen baseline; None where none is frozen."""
        entries = load_baseline(Path(kept.record), self.agreement)
        rows = None if entries is None else baseline_rows(entries, self.agreement, self.words)
        return {"baseline": rows}

    def _previewed(self, kept: Kept) -> dict[str, object] | None:
        """Preview the workbook at hand; made anew only where it or the record has changed."""
        path, record = Path(kept.delivery), Path(kept.record)
        if not kept.delivery:
            return None
        key = (path, _stamp(path), *(_stamp(p) for p in sorted(record.glob("*.json"))))
        if self._preview is None or self._preview[0] != key:
            made = preview_delivery(
                path,
                agreement=self.agreement,
                record=record if record.is_dir() else None,
                lang=self.lang,
            )
            self._preview = (key, made)
        preview = self._preview[1]
        say = self.words
        return {
            "name": preview.name,
            "errors": preview.errors,
            "year": preview.year,
            "sections": [(title, body) for title, body in preview_sections(preview) if body],
            "counted": say.say(
                "check.counted",
                errors=say.say_count("check.errors", preview.errors),
                warnings=say.say_count("check.warnings", preview.warnings),
            ),
        }

    async def style(self, _: Request) -> Response:
        """Return the style."""
        return Response(self._style, media_type="text/css")

    async def script(self, _: Request) -> Response:
        """Return the script."""
        return Response(self._script, media_type="text/javascript")

    # ------------------------------------------------------------------ taken in
    async def choose_folders(self, request: Request) -> Response:
        """Remember the folders."""
        async with request.form() as form:
            given = [str(form.get(name, "")).strip() for name in ("record", "out")]
        record, out = (Path(folder).expanduser() for folder in given)
        for folder in (record, out):
            if not folder.is_absolute():
                raise InputError(fault_of("app_folder_relative", folder=str(folder)))
            folder.mkdir(parents=True, exist_ok=True)
        load_baseline(record, self.agreement)  # another agreement's record is refused here
        before = remembered(self.settings) or Kept("", "")
        keep(self.settings, replace(before, record=str(record), out=str(out)))
        sweep(out)
        return self._home(request, "folders")

    async def take_delivery(self, request: Request) -> Response:
        """Keep a workbook that was dropped, and make it the one at hand."""
        kept = self._kept()
        if int(request.headers.get("content-length", "0")) > _MOST_BYTES:
            raise InputError(fault_of("app_too_large", most=_MOST_BYTES // 1024**2))
        async with request.form(max_files=1) as form:
            given = form.get("workbook")
            if not isinstance(given, UploadFile) or not given.filename:
                raise InputError(fault_of("app_no_file"))
            name, content = _plain_name(given.filename), await given.read()
        if Path(name).suffix.lower() not in _WORKBOOKS:
            raise InputError(fault_of("app_no_workbook", name=name))
        folder = Path(kept.out) / "deliveries"
        path = await run_in_threadpool(_kept_copy, content, name, folder)
        keep(self.settings, replace(kept, delivery=str(path)))
        return self._home(request, "delivery")

    async def template(self, request: Request) -> Response:
        """Return a workbook to fill in."""
        filled = None
        if request.query_params.get("published"):
            filled = await run_in_threadpool(published_to_confirm, self.agreement)
        folder = tempfile.TemporaryDirectory()
        path = Path(folder.name, self.words.say("app.template_name"))
        await run_in_threadpool(
            lambda: write_template(path, lang=self.lang, filled=filled, agreement=self.agreement)
        )
        return FileResponse(path, filename=path.name, background=BackgroundTask(folder.cleanup))

    # ------------------------------------------------------------------ done
    async def freeze(self, request: Request) -> Response:
        """Freeze the baseline from the workbook at hand, or revise it with a reason."""
        kept = self._kept()
        async with request.form() as form:
            reason = str(form.get("reason", ""))
        await run_in_threadpool(self._freeze, kept, reason)
        return self._home(request, "baseline")

    def _freeze(self, kept: Kept, reason: str) -> None:
        data = read_input(Path(kept.delivery), agreement=self.agreement, lang=self.lang)
        entries = freeze_baseline(
            data, self.agreement, Path(kept.record), on=date.today(), revise=reason or None
        )
        write_baseline_table(entries, self.agreement, Path(kept.out) / "baseline", lang=self.lang)

    async def baseline_table(self, request: Request) -> Response:
        """Return the agreement's table filled in."""
        kept = self._kept()
        entries = load_baseline(Path(kept.record), self.agreement)
        if entries is None:
            raise HTTPException(404)
        folder = Path(kept.out) / "baseline"
        paths = await run_in_threadpool(
            lambda: write_baseline_table(entries, self.agreement, folder, lang=self.lang)
        )
        return _file({p.name: p for p in paths}.get(request.path_params["name"]), download=True)

    async def start(self, request: Request) -> Response:
        """Begin a status; a second click finds the one that is being made."""
        kept = self._kept()
        if not kept.delivery:
            raise InputError(fault_of("app_no_file"))
        if self.job is None or not self.job.running:
            async with request.form() as form:
                head = [str(form.get(name, "")) for name in ("case", "date", "year")]
            wanted = StatusRequest(
                kept.delivery, self.name, kept.record, kept.out, self.lang, *head
            )
            self.job = Job(wanted, when_done=self._remember_seconds, command=self._command)
        return self._home(request, "", "#status")

    def _remember_seconds(self, progress: Progress) -> None:
        kept = remembered(self.settings)
        if kept is not None:
            keep(self.settings, replace(kept, seconds=kept.seconds | progress.seconds))

    async def stop(self, request: Request) -> Response:
        """Stop the status that is being made."""
        if self.job is not None:
            await run_in_threadpool(self.job.stop)
        return self._home(request, "", "#status")

    async def progress(self, _: Request) -> Response:
        """Say how far the status is."""
        if self.job is None:
            return JSONResponse({"state": "none"})
        return JSONResponse(self._progress_shown(self.job.progress))

    def _progress_shown(self, progress: Progress) -> dict[str, object]:
        say, kept = self.words.say, remembered(self.settings)
        known = {} if kept is None else kept.seconds
        left = seconds_left(progress, known, time.monotonic())
        key = "app.left" if known else "app.left_of_step"
        return {
            "state": progress.state,
            "step": STEPS.index(progress.step),
            "steps": [say(f"app.step_{step}") for step in STEPS],
            "told": say(f"app.step_{progress.step}"),
            "share": progress.done / progress.total if progress.total else None,
            "left": "" if left is None else say(key, time=self._time(left)),
            "year": progress.year,
            "faults": list(progress.faults),
        }

    def _time(self, seconds: float) -> str:
        """Say a time as one would: to ten seconds, from a minute and a half on in minutes."""
        if seconds < 90:
            return self.words.say("app.seconds", count=max(10, 10 * round(seconds / 10)))
        return self.words.say("app.minutes", count=round(seconds / 60))

    async def appendix(self, request: Request) -> Response:
        """Show an appendix, what there is of it to take, and last year's beside it."""
        return await run_in_threadpool(self._appendix_page, request)

    def _appendix_page(
        self, request: Request, faults: Sequence[str] = (), status: int = 200
    ) -> Response:
        kept, year = self._kept(), int(request.path_params["year"])
        out = Path(kept.out)
        if year not in years_in(out):
            raise HTTPException(404)
        folder, record = appendix_folder(out, year), Path(kept.record)
        figures = sorted(p.name for p in (folder / "figures").glob("*.png"))
        in_record = recorded_years(record) if record.is_dir() else []
        return self._rendered(
            request,
            "appendix",
            faults,
            status,
            year=year,
            before=next((y for y in years_in(out) if y < year), None),
            folder=folder,
            to_take=[name for name in _TO_TAKE if (folder / name).exists()],
            figures=[name for name in figures if not name.endswith("-narrow.png")],
            recorded=year in in_record,
            done=request.query_params.get("done", ""),
        )

    async def appendix_file(self, request: Request) -> Response:
        """Return a file of an appendix."""
        kept = self._kept()
        folder = appendix_folder(Path(kept.out), int(request.path_params["year"])).resolve()
        path = (folder / request.path_params["path"]).resolve()
        return _file(path if path.is_relative_to(folder) else None)

    async def record(self, request: Request) -> Response:
        """Keep a statement in the record as the one that was published."""
        kept, year = self._kept(), int(request.path_params["year"])
        path = appendix_folder(Path(kept.out), year) / "statement.json"
        await run_in_threadpool(keep_statement, path.read_bytes(), Path(kept.record))
        return RedirectResponse(f"{request.scope['root_path']}/appendix/{year}/?done=record", 303)

    async def close(self, request: Request) -> Response:
        """End the page's process; a status that is being made is stopped."""
        if self.job is not None and self.job.running:
            await run_in_threadpool(self.job.stop)
        self.job = None
        closed = self._rendered(request, "closed", (), 200)
        closed.background = BackgroundTask(self._close)
        return closed

    def _kept(self) -> Kept:
        kept = remembered(self.settings)
        if kept is None:
            raise InputError(fault_of("app_no_folders"))
        return kept

    def _home(self, request: Request, done: str, at: str = "") -> Response:
        query = f"?done={done}" if done else ""
        return RedirectResponse(f"{request.scope['root_path']}/{query}{at}", 303)

    def refused(self, request: Request, error: AmagerEvalError | OSError) -> Response:
        """Show the page with what is wrong; nothing was changed."""
        lines = error_lines(error, self.lang)
        if "year" in request.path_params:
            return self._appendix_page(request, lines, 422)
        return self._page(request, lines, 422)


def make_app(site: Site, token: str) -> Starlette:
    """Put the site behind an address nobody can guess, for this computer's own name alone.

    The token is the first part of every address; another one is not found.
    """
    return Starlette(
        routes=[Mount(f"/{token}", routes=site.routes())],
        middleware=[
            Middleware(_WithHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
        ],
    )


def _told(endpoint: _Endpoint, site: Site) -> _Endpoint:
    """Show an error on the page instead of a bare answer."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (AmagerEvalError, OSError) as error:
            return await run_in_threadpool(site.refused, request, error)

    return answer


def _file(path: Path | None, *, download: bool = False) -> Response:
    if path is None or not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, filename=path.name if download else None)


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _plain_name(name: str) -> str:
    """Return a file's own name without a folder, and without signs a system may refuse."""
    return re.sub(r'[<>:"|?*\x00-\x1f]+', "_", re.split(r"[/\\]", name)[-1]).strip(" .")


def _kept_copy(content: bytes, name: str, folder: Path) -> Path:
    """Write a workbook beside the earlier ones; none of them is overwritten by another."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted, number = Path(name), 1
    path = folder / name
    while path.exists() and path.read_bytes() != content:
        number += 1
        path = folder / f"{wanted.stem} ({number}){wanted.suffix}"
    if not path.exists():
        with whole_file(path) as unfinished:
            unfinished.write_bytes(content)
    return path
