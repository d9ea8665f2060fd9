"""The command line: parse, call, report progress, turn errors into exit codes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from amager_eval.errors import AmagerEvalError, Fault, InputError

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.evaluation.fit import FitProgress
    from amager_eval.goals.statement import Statement
    from amager_eval.spec.agreement import Agreement
    from amager_eval.wording.sentences import Lang, Wording

__all__ = ["app", "main"]

#: Commands that examine the models, in English; those of an officer's year are told in Danish.
_LABORATORY = frozenset({"backtest", "synthetic", "validate"})
#: The list of the help in which commands of the laboratory stand, after the year's own.
EXAMINATIONS: Final = "Examinations of the models"


class _InLists(TyperGroup):
    """A help in lists: the commands of the year first, then those that examine the models."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        lists: dict[str, list[Any]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            lists.setdefault(command.rich_help_panel or "Commands", []).append(command)
        width = max(len(name) for name in self.commands)
        for title, commands in lists.items():
            with formatter.section(title):
                limit = formatter.width - 6 - width
                formatter.write_dl(
                    [(c.name.ljust(width), c.get_short_help_str(limit)) for c in commands]
                )


app = typer.Typer(
    cls=_InLists,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich's help alone costs .3 s
    help="Is the partnership working? Tests, trends and forecasts for the yearly status.",
)

#: The agreement that is meant where none is named.
_AMAGER: Final = "amager_2025_2028"
#: Options that several commands have.
_Agreement = Annotated[str, typer.Option(help="Name in models/agreements, or a TOML file.")]
_Lang = Annotated[str, typer.Option(help="Language: da or en.")]
_Only = Annotated[
    bool, typer.Option("--only", help="Take the input alone: another city's figures.")
]
_Year = Annotated[int | None, typer.Option(help="Survey wave; default the latest in the input.")]


@app.command()
def appendix(
    input: Annotated[
        Path | None,
        typer.Option(
            help="Folder of CSV files or workbook, laid on the published figures that come along; "
            "default these alone."
        ),
    ] = None,
    only: _Only = False,
    year: _Year = None,
    agreement: Annotated[
        list[str] | None,
        typer.Option(
            help="Name in models/agreements, or a TOML file; repeated: one status of several "
            "partnerships. Default amager_2025_2028."
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            help="Record folder: its baseline is enforced, the statement is kept in it; of "
            "several partnerships a folder each in it."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; default build/appendix-<year>.")
    ] = None,
    lang: Annotated[str, typer.Option(help="Language of the appendix: da or en.")] = "da",
    seed: Annotated[int, typer.Option(help="Seed of every fit and simulation.")] = 1,
    draws: Annotated[
        int | None,
        typer.Option(min=10, help="Draws per chain; few draws fail the gates (use with --draft)."),
    ] = None,
    draft: Annotated[
        bool,
        typer.Option(
            "--draft",
            help="Report failed gates and documents that are not registered instead of refusing "
            "them; marks UDKAST.",
        ),
    ] = False,
    case: Annotated[str, typer.Option(help="Case number, printed and in the cover note.")] = "",
    date: Annotated[
        str, typer.Option(help="Date of the letter, as 2026-05-12; printed and in the cover note.")
    ] = "",
    slides: Annotated[
        bool, typer.Option(help="Also write every figure as a slide (slides/, PNG and SVG).")
    ] = True,
) -> None:
    """Write the annual appendix: PDF, page, figures, tables and statement.json."""
    from amager_eval.wording.sentences import known_language, load_wording

    words, begun = load_wording(known_language(lang)), time.monotonic()
    typer.echo(words.say("progress.reading"), err=True)
    from amager_eval.app.make_status import STEPS
    from amager_eval.report.letterhead import letterhead_of
    from amager_eval.spec.agreement import load_agreement
    from amager_eval.wording.faults import fault_of

    letterhead = letterhead_of(case, date)
    if only and input is None:
        raise InputError(fault_of("only_needs_input"))
    from amager_eval.evaluation.evaluate import evaluate
    from amager_eval.record.record import hold_against_record, write_record
    from amager_eval.report.joint import write_joint
    from amager_eval.report.write import write_appendix

    agreements = [load_agreement(name) for name in agreement or [_AMAGER]]
    kept: list[tuple[Statement, Path | None]] = []
    for agreed in agreements:
        folder = record / agreed.id if record is not None and len(agreements) > 1 else record
        data = _delivered(input, agreed, words, only=only, record=folder)
        with _progress(lang, STEPS[1:]) as progress:
            statement = evaluate(
                data, agreement=agreed, year=year, record=folder, seed=seed, draws=draws,
                draft=draft, progress=progress,
            )  # fmt: skip
        folder = None if draft else folder
        if folder is not None:
            hold_against_record(statement, folder)
        kept.append((statement, folder))
    statements = [statement for statement, _ in kept]
    target = out or Path("build") / f"appendix-{statements[0].year}"
    if target.is_dir():
        typer.echo(words.say("progress.replaces", folder=target), err=True)
    with _progress(lang, STEPS[-1:]) as progress:
        progress(STEPS[-1], 0, 0)
        if len(statements) == 1:
            write_appendix(statements[0], target, lang=lang, letterhead=letterhead, slides=slides)
        else:
            write_joint(statements, target, lang=lang, letterhead=letterhead, slides=slides)
    for statement, folder in kept:
        if folder is not None:
            typer.echo(str(write_record(statement, folder)))
    _tell_written(statements, target, words)
    typer.echo(words.say("progress.took", seconds=round(time.monotonic() - begun)))


def _delivered(
    input: Path | None, agreement: Agreement, words: Wording, *, only: bool, record: Path | None
) -> Input:
    """Read what was delivered, and tell what it replaces and where it differs from the record."""
    from amager_eval.data.delivery import read_delivery
    from amager_eval.data.published import published
    from amager_eval.data.tables.fault_texts import format_fault
    from amager_eval.record.baseline import hold_against_baseline

    data = published()
    if input is not None:
        data = read_delivery(input, agreement=agreement, only=only, lang=words.lang)
    if data.replaced:
        count = len(data.replaced)
        typer.echo(words.say("progress.replaced", count=count, path=input), err=True)
    for told in () if record is None else hold_against_baseline(data, agreement, record):
        typer.echo(words.say("check.warning", fault=format_fault(told, words.lang)), err=True)
    return data


def _tell_written(statements: Sequence[Statement], folder: Path, words: Wording) -> None:
    """Name the files to open first, count them all, and say how each partnership stands."""
    from amager_eval.report.parts.lead import lead
    from amager_eval.wording.about import bound_to

    for name in ("appendix.pdf", "appendix.docx", "appendix.html", "statement.json", "tables.xlsx"):
        if (folder / name).exists():
            typer.echo(str(folder / name))
    count = sum(1 for p in folder.rglob("*") if p.is_file())
    typer.echo(words.say("progress.files", folder=f"{folder}/", count=count))
    for statement in statements:
        typer.echo(lead(statement, bound_to(statement.agreement, words))[0])


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="Folder of CSV files or workbook.", readable=False)],
    agreement: _Agreement = _AMAGER,
    year: _Year = None,
    only: _Only = False,
    record: Annotated[
        Path | None, typer.Option(help="Record folder whose frozen baseline it must agree with.")
    ] = None,
    lang: _Lang = "da",
) -> None:
    """Show an input before anything is computed: faults, what was found, which goals it decides."""
    from amager_eval.evaluation.preview import preview_delivery
    from amager_eval.evaluation.preview_text import preview_lines
    from amager_eval.spec.agreement import load_agreement
    from amager_eval.wording.sentences import known_language

    preview = preview_delivery(
        path,
        agreement=load_agreement(agreement),
        year=year,
        only=only,
        record=record,
        lang=known_language(lang),
    )
    for line in preview_lines(preview):
        typer.echo(line)
    if preview.errors:
        raise typer.Exit(2)


@app.command("app")
def page(
    agreement: _Agreement = _AMAGER,
    port: Annotated[int, typer.Option(help="Port of this computer; default any free one.")] = 0,
    browse: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    lang: _Lang = "da",
) -> None:
    """Open a page on this computer alone: from the workbook to the status without a terminal."""
    from amager_eval.wording.faults import fault_of
    from amager_eval.wording.sentences import known_language, load_wording

    known = known_language(lang)
    try:
        from amager_eval.app.serve import serve
    except ModuleNotFoundError as error:
        if str(error.name).startswith("amager_eval"):
            raise
        raise InputError(fault_of("app_extra", name=error.name)) from error
    say = load_wording(known).say
    serve(
        agreement=agreement,
        lang=known,
        port=port,
        browse=browse,
        tell=lambda address: typer.echo(say("app.address", address=address)),
    )


@app.command()
def quarter(
    input: Annotated[
        Path, typer.Option(help="Folder of CSV files or workbook with police counts by quarter.")
    ],
    agreement: _Agreement = _AMAGER,
    only: _Only = False,
    record: Annotated[
        Path | None,
        typer.Option(help="Record folder: what it hides stays hidden in the quarters."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("build") / "quarter",
    lang: _Lang = "da",
) -> None:
    """Write one page for the working group from police counts: signals, no judgement."""
    from amager_eval.data.delivery import read_delivery
    from amager_eval.report.quarter import write_quarter
    from amager_eval.spec.agreement import load_agreement
    from amager_eval.wording.sentences import known_language

    known = known_language(lang)
    agreed = load_agreement(agreement)
    data = read_delivery(input, agreement=agreed, only=only, lang=known)
    for path in write_quarter(data, agreed, out, lang=known, record=record):
        typer.echo(str(path))


@app.command()
def template(
    out: Annotated[Path, typer.Argument(help="Workbook to write (.xlsx).")],
    lang: Annotated[str, typer.Option(help="Language of the workbook: da or en.")] = "da",
    with_published: Annotated[
        bool,
        typer.Option(
            "--with-published", help="Filled with the published figures, to be confirmed."
        ),
    ] = False,
    agreement: Annotated[
        str,
        typer.Option(help="Whose names the lists offer: name in models/agreements, or TOML file."),
    ] = _AMAGER,
) -> None:
    """Write an input workbook with guidance, lists and one example row per sheet."""
    from amager_eval.data.delivery import published_to_confirm
    from amager_eval.data.files.template import write_template
    from amager_eval.spec.agreement import load_agreement
    from amager_eval.wording.sentences import known_language

    agreed = load_agreement(agreement)
    filled = published_to_confirm(agreed) if with_published else None
    known = known_language(lang)
    typer.echo(str(write_template(out, lang=known, filled=filled, agreement=agreed)))


@app.command()
def fetch(
    out: Annotated[Path, typer.Argument(help="Input folder to write.")],
    since: Annotated[int, typer.Option(help="First year.")] = 2016,
    cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps every reply with its provenance.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use the cache alone; nothing is sent.")
    ] = False,
    districts: Annotated[
        bool, typer.Option(help="Also ask København's own bank for the districts' inhabitants.")
    ] = True,
    saved: Annotated[
        list[Path] | None,
        typer.Option(help="Table saved by hand (.px, .json, .csv), repeatable; nothing is sent."),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Address of the service, if not Statistics Denmark's.")
    ] = None,
    lang: Annotated[str, typer.Option(help="Language of what is told: da or en.")] = "da",
) -> None:
    """Fetch reported offences and inhabitants from the StatBank as an input folder."""
    from amager_eval.wording.sentences import known_language

    known_language(lang)  # errors are told in it: see `_language`
    if saved:
        from amager_eval.data.statbank.saved import input_of_saved

        typer.echo(str(input_of_saved(out, saved)))
        return
    from amager_eval.data.statbank.input_folder import fetch_input
    from amager_eval.data.statbank.service import BASE_URL, Service

    service = Service(base_url=base_url or BASE_URL, cache=cache, offline=offline)
    fetched = fetch_input(out, since=since, service=service, districts=districts)
    if fetched.without_population:
        names = ", ".join(fetched.without_population)
        typer.echo(f"København's bank has no inhabitants for: {names}", err=True)
    typer.echo(str(fetched.folder))


@app.command()
def baseline(
    input: Annotated[
        Path, typer.Option(help="Folder of CSV files or workbook with the baseline year's reports.")
    ],
    record: Annotated[Path, typer.Option(help="Record folder the baseline is frozen in.")],
    agreement: _Agreement = _AMAGER,
    revise: Annotated[
        str | None, typer.Option(help="Reason for replacing a frozen baseline that differs.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the agreement's table filled in; default build/baseline."),
    ] = None,
    lang: _Lang = "da",
) -> None:
    """Fill the agreement's baseline table from an input, freeze it and write it (docx, xlsx)."""
    from datetime import date

    from amager_eval.data.read import read_input
    from amager_eval.record.baseline import freeze_baseline
    from amager_eval.report.baseline_table import baseline_rows, write_baseline_table
    from amager_eval.spec.agreement import load_agreement
    from amager_eval.wording.sentences import known_language, load_wording

    known = known_language(lang)
    agreed = load_agreement(agreement)
    data = read_input(input, agreement=agreed, lang=known)
    entries = freeze_baseline(data, agreed, record, on=date.today(), revise=revise)
    words = load_wording(known)
    typer.echo(words.say("baseline_table.frozen", folder=record))
    for row in baseline_rows(entries, agreed, words):
        typer.echo("\t".join(row))
    folder = out or Path("build") / "baseline"
    for path in write_baseline_table(entries, agreed, folder, lang=known):
        typer.echo(str(path))


@app.command()
def record(
    action: Annotated[str, typer.Argument(help="list, show or verify.")],
    folder: Annotated[Path, typer.Argument(help="Record folder.")],
    year: Annotated[int | None, typer.Argument(help="Year to show.")] = None,
    lang: _Lang = "da",
) -> None:
    """List, show or verify the statements kept in a record folder."""
    import json

    from amager_eval.record.record import read_record, recorded_years, verify_record
    from amager_eval.wording.faults import fault_of
    from amager_eval.wording.sentences import known_language, load_wording

    say = load_wording(known_language(lang)).say
    if action == "list":
        years = recorded_years(folder)
        for kept in years:
            typer.echo(str(kept))
        if not years:
            typer.echo(say("record_folder.no_year"))
    elif action == "verify":
        names = verify_record(folder)
        for name in names:
            typer.echo(say("record_folder.unchanged", name=name))
        if not names:
            typer.echo(say("record_folder.empty"))
    elif action == "show":
        if year is None:
            raise InputError(fault_of("record_needs_year"))
        typer.echo(json.dumps(read_record(folder, year), ensure_ascii=False, indent=2))
    else:
        raise InputError(fault_of("record_action", action=action))


@app.command(rich_help_panel=EXAMINATIONS)
def synthetic(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    seed: Annotated[int, typer.Option(help="Seed of the made-up city.")] = 1,
    workbook: Annotated[
        bool, typer.Option("--workbook", help="One workbook in place of CSV files.")
    ] = False,
    scenario: Annotated[
        str,
        typer.Option(
            help="drawn, nothing_changes, goals_met, goals_missed or low_baseline "
            "(2024's figures unusually low by bad luck)."
        ),
    ] = "drawn",
    last_wave: Annotated[
        int,
        typer.Option(help="Last survey wave, 2025 to 2029: the same seed seen in another year."),
    ] = 2026,
    agreement: Annotated[
        str,
        typer.Option(
            help="Whose areas, types and goals: a name in models/agreements, or a TOML file."
        ),
    ] = _AMAGER,
) -> None:
    """Write a made-up city's input with known truth (truth.json beside it)."""
    from amager_eval.evidence.city.synthetic import write_synthetic

    written = write_synthetic(
        out,
        seed=seed,
        workbook=workbook,
        scenario=scenario,
        last_wave=last_wave,
        agreement=agreement,
    )
    typer.echo(f"{written}{'' if workbook else '/'}  SYNTETISKE DATA")


@app.command(rich_help_panel=EXAMINATIONS)
def backtest(
    panel: Annotated[
        str,
        typer.Argument(
            help="crime_quarterly, crime_yearly, envipe, copenhagen, or an input of any city."
        ),
    ] = "crime_quarterly",
    model: Annotated[
        str | None, typer.Option(help="safety or crime: which figures of an input with both.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, as tcp://host:8786.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the tables; default build/backtest-<panel>.")
    ] = None,
    final: Annotated[
        bool, typer.Option("--final", help="Also score the origins held back.")
    ] = False,
    stored: Annotated[
        bool, typer.Option("--stored", help="Compare the stored scores; nothing is fitted.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the scores in the checkout's models/*/evidence.")
    ] = False,
    origins: Annotated[
        str | None, typer.Option(help="Origins of an input, as 2021K4,2022K4; the last held back.")
    ] = None,
    definition: Annotated[
        str | None, typer.Option(help="Definition of crime of an input with several.")
    ] = None,
    spec: Annotated[
        Path | None, typer.Option(help="Another document of the model, for a trial of it.")
    ] = None,
    draws: Annotated[int | None, typer.Option(min=10, help="Draws per chain, for a trial.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of every fit.")] = 1,
    lang: Annotated[str, typer.Option(help="Language of the figure: da or en.")] = "da",
) -> None:
    """Score the model's forecasts of past years against other methods; a stopped run continues."""
    if model not in {None, "safety", "crime"}:
        raise InputError(f"--model must be safety or crime, found '{model}'")
    if lang not in {"da", "en"}:
        raise InputError(f"--lang must be da or en, found '{lang}'")
    if keep and spec is not None:
        raise InputError(
            "--keep keeps scores of the registered model, and --spec scores another document; "
            "register it in models/ first, or leave --keep out"
        )
    from amager_eval.evidence.backtest.input import find_panel
    from amager_eval.evidence.backtest.own import absent_peers, backtest_own, stored_comparison
    from amager_eval.evidence.backtest.stored import evidence_folder, write_own_scores
    from amager_eval.figures.backtest import BacktestView, save_backtest
    from amager_eval.wording.sentences import load_wording

    chosen = find_panel(
        panel,
        model=model,  # type: ignore[arg-type]
        origins=origins.split(",") if origins else (),
        definition=definition,
    )
    if stored:
        found = stored_comparison(chosen)
    else:
        if absent := absent_peers(chosen):
            typer.echo(
                f"Left out, for lack of their packages: {', '.join(absent)}. "
                "To compare with them too: pip install 'amager-eval[bench]'",
                err=True,
            )
        with _progress() as progress:
            result, found = backtest_own(
                chosen,
                final=final,
                scheduler=scheduler,
                spec=spec,
                draws=draws,
                seed=seed,
                progress=progress,
            )
        if keep:
            command = f"amager-eval backtest {panel}{' --final' if final else ''} --keep"
            write_own_scores(chosen, result, evidence_folder(chosen), command=command)
    coverage = found.coverage[found.coverage["forecaster"] == found.forecaster]
    groups = found.groups[found.groups["forecaster"] == found.forecaster]
    for table in (found.league, found.differences, coverage, groups):
        typer.echo(table.to_string(index=False, float_format="%.3f") + "\n")
    folder = out or Path("build") / f"backtest-{chosen.name}"
    view = BacktestView(found.differences, chosen.name, load_wording(lang))
    paths = [*found.write(folder), *save_backtest(view, folder)]
    for path in paths:
        typer.echo(str(path))


@app.command(rich_help_panel=EXAMINATIONS)
def validate(
    model: Annotated[
        str | None, typer.Argument(help="safety, crime or area; default all, one after the other.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="prior_predictive, backtests, prior_sensitivity, predictive, link, gates, "
            "alternatives, scaling, joint, known_truth, calibration, calibration_few, "
            "calibration_late, calibration_nested, calibration_months or posterior_sbc; of area "
            "left_out, prior_sensitivity, takes_over or coverage; several may be given. Default "
            "all: hours."
        ),
    ] = None,
    fits: Annotated[
        int | None, typer.Option(min=20, help="Simulated data sets; default 1000 or 200.")
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(min=10, help="Draws per chain of the bundled figures, for a trial."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for what is found, for a trial; default models/*/evidence."),
    ] = None,
) -> None:
    """Examine a model and keep what is found under models/*/evidence; a stopped run continues."""
    from amager_eval.evidence.examinations.validate import validate as examine

    for kind in ("safety", "crime", "area") if model is None else (model,):
        with _progress() as progress:
            paths = examine(
                kind, only=only or (), fits=fits, draws=draws, folder=out, progress=progress
            )
        for path in paths:
            typer.echo(str(path))
            if path.stem.partition("_")[0] == "ranks":
                typer.echo(str(_draw_ranks(kind, path, out)))


def _draw_ranks(kind: str, path: Path, folder: Path | None) -> Path:
    """Draw the figure of a calibration from the ranks that were kept, beside them."""
    from amager_eval.evidence.document import read_evidence
    from amager_eval.evidence.examinations.calibration.calibrate import kept_ranks, rank_curves
    from amager_eval.figures.calibration import CalibrationView, save_calibration
    from amager_eval.spec.model import load_model_spec
    from amager_eval.wording.sentences import load_wording

    kept = read_evidence(load_model_spec(f"{kind}_trend"), path.stem, folder=folder)
    curves = rank_curves(kept_ranks(kept.to_frame()))
    view = CalibrationView(curves, kept.settings["fits"], load_wording("en"))
    return save_calibration(
        view, path.with_name(f"{path.stem.replace('ranks', 'calibration')}.svg")
    )


@contextmanager
def _progress(lang: str = "en", steps: Sequence[str] = ()) -> Iterator[FitProgress]:
    """Show how far each step is on standard error, and which of `steps` are left.

    A bar a step where somebody watches; in a file a line when a step begins and every ten seconds.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    from amager_eval.wording.sentences import load_wording

    words, console = load_wording(lang), Console(stderr=True)
    if not console.is_terminal:
        with _costs(words), _lines(words, steps) as report:
            yield report
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars, _costs(words):
        tasks = {
            name: bars.add_task(words.name("progress", name), start=False, total=None)
            for name in steps
        }
        begun = set()

        def report(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(words.name("progress", name), total=None)
            if name not in begun:
                bars.start_task(tasks[name])
                begun.add(name)
            if total:
                bars.update(tasks[name], completed=done, total=total)

        yield report
        for name in set(tasks) - begun:  # not of this run, or of what follows it
            bars.remove_task(tasks[name])


@contextmanager
def _costs(words: Wording) -> Iterator[None]:
    """Say in the reader's language what a large fit will cost, before it begins."""
    import logging

    from amager_eval.trends.crime.cost import LOGGER
    from amager_eval.wording.numbers import number

    class _Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            cost = record.__dict__["cost"]
            typer.echo(
                words.say(
                    "progress.cost",
                    areas=cost.areas,
                    types=cost.types,
                    periods=cost.periods,
                    minutes=max(1, round(cost.minutes)),
                    cores=cost.cores,
                    gigabytes=number(cost.gigabytes, 1, words.lang),
                ),
                err=True,
            )

    logger, told = logging.getLogger(LOGGER), _Told()
    before = logger.level, logger.propagate
    logger.addHandler(told)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(told)
        logger.setLevel(before[0])
        logger.propagate = before[1]


@contextmanager
def _lines(words: Wording, steps: Sequence[str], every: float = 10.0) -> Iterator[FitProgress]:
    """Tell each step when it begins, then where it stands every so many seconds."""
    from threading import Event, Lock, Thread

    now: dict[str, tuple[int, int, float]] = {}
    change, ended = Lock(), Event()

    def tell() -> None:
        name, (done, total, since) = next(reversed(now.items()))
        at = steps.index(name) + 1 if name in steps else len(steps)
        left = ", ".join(words.name("progress", step) for step in steps[at:])
        typer.echo(
            words.say(
                "progress.line" if left else "progress.last_line",
                step=words.name("progress", name),
                share=f" {done / total:.0%}" if total else "",
                seconds=round(time.monotonic() - since),
                left=left,
            ),
            err=True,
        )

    def report(name: str, done: int, total: int) -> None:
        with change:
            new = name not in now
            since = now.pop(name)[2] if not new else time.monotonic()
            now[name] = done, total, since
            if new:
                tell()

    def watch() -> None:
        while not ended.wait(every):
            with change:
                if now:
                    tell()

    watching = Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield report
    finally:
        ended.set()
        watching.join()


def main() -> None:
    """Run the command line; an error of the package's own ends without a traceback."""
    try:
        code = _command(sys.argv[1:])(args=_without_lang(sys.argv[1:]), standalone_mode=False)
    except BrokenPipeError:  # whoever read the output has closed it, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (AmagerEvalError, OSError, TyperException) as error:
        from amager_eval.data.tables.fault_texts import error_lines

        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stdout.write(f"{error}\n")
            sys.exit(2)
        arguments = sys.argv[1:]
        told: AmagerEvalError | OSError = (
            InputError(_wrong_call(error, arguments))
            if isinstance(error, TyperException)
            else error
        )
        for line in error_lines(told, _language(arguments)):
            sys.stderr.write(f"amager-eval: {line}\n")
        sys.exit(told.exit_code if isinstance(told, AmagerEvalError) else 2)
    sys.exit(code or 0)


def _command(arguments: list[str]) -> Any:
    """Give the command to run: where a help is asked for, in the language of who asks."""
    command = typer.main.get_command(app)
    if _asks_help(arguments) and _language(arguments) == "da":
        from amager_eval.wording.help import tell_in_danish

        tell_in_danish(command)
    return command


def _commands() -> list[str]:
    """Name every command."""
    return sorted(c.name or getattr(c.callback, "__name__", "") for c in app.registered_commands)


def _asks_help(arguments: list[str]) -> bool:
    return "--help" in arguments or not set(arguments) & set(_commands())


def _without_lang(arguments: list[str]) -> list[str]:
    """Leave out the language of a help that is asked for: not every command knows the option."""
    if not _asks_help(arguments):
        return arguments
    left = [a for a in arguments if not a.startswith("--lang=")]
    while "--lang" in left:
        at = left.index("--lang")
        del left[at : at + 2]
    return left


def _wrong_call(error: Any, arguments: list[str]) -> Fault:
    """Say what is wrong with a call that could not be parsed, by the parser's kind of error."""
    from amager_eval.wording.faults import fault_of

    known = _commands()
    command = next((a for a in arguments if not a.startswith("-")), "")
    if command not in known:
        key = "call_unknown_command" if command else "call_no_command"
        return fault_of(key, name=command, known=", ".join(known))
    match type(error).__name__:
        case "NoSuchOption":
            near = ", ".join(error.possibilities or ())
            key = "call_near_option" if near else "call_unknown_option"
            return fault_of(key, command=command, name=error.option_name, near=near)
        case "BadOptionUsage":
            return fault_of("call_no_value", command=command, name=error.option_name)
        case "MissingParameter":
            return fault_of("call_missing", command=command, name=_of_parameter(error))
        case "BadParameter":
            name = _of_parameter(error)
            given = dict(pairwise(arguments)).get(name, "")
            return fault_of("call_bad_value", command=command, name=name, found=given)
    extra = error.message.rpartition("(")[2].rstrip(")")  # the words nobody asked for
    return fault_of("call_other", command=command, found=extra)


def _of_parameter(error: Any) -> str:
    """Name of the option, or of the argument as the help writes it."""
    option = next((o for o in error.param.opts if o.startswith("--")), "")
    return option or str(error.param.name).upper()


def _language(arguments: list[str]) -> Lang:
    """Language errors are told in: what was asked for, else Danish where an officer is at work."""
    for i, argument in enumerate(arguments):
        given = argument.partition("=")[2] if "=" in argument else "".join(arguments[i + 1 : i + 2])
        if argument.partition("=")[0] == "--lang" and given in {"da", "en"}:
            return "da" if given == "da" else "en"
    return "en" if arguments[:1] and arguments[0] in _LABORATORY else "da"
