"""Tie the chain together: an input made ready, fitted and judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from amager_eval.evaluation.fit import FitProgress, Fits, fit
from amager_eval.evaluation.judge import hold_documents, judge
from amager_eval.evaluation.prepare import prepare, statement_year
from amager_eval.evaluation.under_alternatives import begin_crime_alternatives, under_alternatives
from amager_eval.spec.agreement import Agreement, load_agreement

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.goals.statement import Statement

__all__ = ["evaluate"]


def evaluate(
    data: Input,
    *,
    agreement: Agreement | str | Path = "amager_2025_2028",
    year: int | None = None,
    record: str | Path | None = None,
    seed: int = 1,
    draws: int | None = None,
    draft: bool = False,
    forecasts: bool = True,
    progress: FitProgress | None = None,
) -> Statement:
    """Judge an input against an agreement.

    Parameters
    ----------
    data : Input
        From :func:`amager_eval.published` or :func:`amager_eval.read_input`.
    agreement : Agreement, str or Path
        What was promised; a name in `models/agreements` or a TOML file.
    year : int or None
        Survey wave; default the latest in the input. Later waves are left out.
    record : str, Path or None
        Folder of the yearly record: its frozen baseline is held against the input, and stands
        in where the input no longer holds that year.
    seed : int
        Seed of every fit and simulation.
    draws : int or None
        Draws per chain; default each spec's. Few draws fail the gates.
    draft : bool
        Report failed gates and documents that are not registered instead of refusing them.
    forecasts : bool
        Fit both models; without, what was published is judged and tested, and no probability said.
    progress : callable or None
        Called with the fit's name, draws done and draws in all, 0 in all until the first draw; then
        with `judging`, and with `alternatives`, those done and those in all.

    Returns
    -------
    Statement
        Every verdict of the year with what it rests on.

    Raises
    ------
    InputError
        The year is not in the input, or there is nothing to judge.
    SpecError
        A document of `models/` differs from its registered version and `draft` is False.
    GateError
        A fit did not pass its gates and `draft` is False.

    Examples
    --------
    >>> import amager_eval as ae
    >>> statement = ae.evaluate(ae.published())  # doctest: +SKIP
    """
    agreement = agreement if isinstance(agreement, Agreement) else load_agreement(agreement)
    hold_documents(agreement, draft=draft)
    year = statement_year(data, agreement) if year is None else year
    ready = prepare(data, agreement, year, record=record)
    fits = Fits(seed=seed)
    # chains are sampled on every core: the threads of one matrix product, spread over them, would
    # wait for each other, and use up the cores by waiting
    with threadpool_limits(1, user_api="blas"):
        if forecasts:
            fits = fit(ready, agreement, seed=seed, draws=draws, draft=draft, progress=progress)
        begun = begin_crime_alternatives(ready, agreement, fits, draws=draws, draft=draft)
        if progress is not None:
            progress("judging", 0, 0)
        statement = judge(ready, agreement, year, fits, record=record, draft=draft)
        return under_alternatives(statement, fits, draws=draws, begun=begun, progress=progress)
