"""What a statement holds, without its views: what says how a goal stands is made of this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.goals.crime.views import CrimeViews
from amager_eval.goals.ledger import Issued, Ledger

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.goals.caveats import Caveat
    from amager_eval.goals.facts import Facts
    from amager_eval.goals.partners.plan import PlanChain
    from amager_eval.goals.records import ChangedDocument, Missing
    from amager_eval.goals.result import Result
    from amager_eval.goals.safety.area_answer import AreaAnswer
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.fit import Forecast

__all__ = ["Judged"]


@dataclass(frozen=True, eq=False)
class Judged:
    """One year, judged; the parameters are those of :class:`Statement`, which has the views."""

    year: int
    agreement: Agreement
    data: Input
    facts: Facts
    seed: int
    versions: Mapping[str, str]
    draft: bool
    judged: tuple[Result, ...]
    changes: pd.DataFrame
    comparisons: pd.DataFrame
    probabilities: pd.DataFrame
    crime_quantities: pd.DataFrame
    power: pd.DataFrame
    activities: pd.DataFrame
    diagnostics: pd.DataFrame
    safety: Forecast | None
    crime: Forecast | None
    missing: tuple[Missing, ...]
    issued: Issued = field(default_factory=Issued)
    ledger: Ledger = field(default_factory=Ledger)
    changed: tuple[ChangedDocument, ...] = ()
    since_last: pd.DataFrame = field(default_factory=pd.DataFrame)
    guard: pd.DataFrame = field(default_factory=pd.DataFrame)
    partners: pd.DataFrame = field(default_factory=pd.DataFrame)
    plan: PlanChain | None = None
    caveats: tuple[Caveat, ...] = ()
    sensitivity: pd.DataFrame = field(default_factory=pd.DataFrame)
    crime_views: CrimeViews = field(default_factory=CrimeViews)
    stated: pd.DataFrame = field(default_factory=pd.DataFrame)
    unregistered: tuple[str, ...] = ()
    area: AreaAnswer | None = None
