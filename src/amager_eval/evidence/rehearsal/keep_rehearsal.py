"""Keep a rehearsal's table of wrong verdicts as evidence of the models it judged by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from amager_eval.evidence.document import Evidence, write_evidence
from amager_eval.evidence.quote import renew_card
from amager_eval.evidence.rehearsal.wrong_verdicts import summarise, with_whole_goals
from amager_eval.spec.model import load_model_spec

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from amager_eval.spec.agreement import Agreement

__all__ = ["keep_rehearsal"]

#: Which kind of goals each model's draws decide.
_GOALS: Final = {"safety_trend": "safety", "crime_trend": "crime"}


def keep_rehearsal(
    rows: pd.DataFrame,
    agreement: Agreement,
    *,
    draws: int,
    seed: int,
    folder: Path | None = None,
) -> list[Path]:
    """Write how often a goal's verdict was wrong, and renew the cards that quote it.

    One piece of evidence a model. `rows` are from
    :func:`amager_eval.evidence.rehearsal.rehearse.rehearse`, by `draws` a chain from the first
    city's `seed` on; `folder` stands for `models/`.
    """
    goals = summarise(with_whole_goals(rows), agreement)
    specs = {name: load_model_spec(name) for name in _GOALS}
    partnerships = rows.drop_duplicates(["scenario", "seed"])
    settings = {
        "partnerships": len(partnerships),
        "draws_per_chain": draws,
        "first_seed": seed,
        "core_seconds": round(sum(spent["all_cores"] for spent in partnerships["seconds"])),
        "divergences": int(partnerships["divergences"].sum()),
        "statements_not_judged_for_their_gates": int(
            (~rows.drop_duplicates(["scenario", "seed", "statement"])["passed"].astype(bool)).sum()
        ),
        **{f"digest_of_{name}": spec.digest[:12] for name, spec in specs.items()},
        "digest_of_agreement": agreement.digest[:12],
    }
    paths = []
    for name, kind in _GOALS.items():
        own = goals[goals["goal"].isin([g.id for g in agreement.goal if g.kind == kind])]
        evidence = Evidence(
            name="wrong_verdicts",
            model=name,
            spec_version=specs[name].version,
            spec_digest=specs[name].digest,
            command=(
                "python -m amager_eval.evidence.rehearsal.rehearse build/rehearsal "
                f"--partnerships {len(partnerships)} --keep"
            ),
            date=datetime.now(UTC).date().isoformat(),
            seconds=sum(spent["all"] for spent in partnerships["seconds"]),
            settings=settings
            | {"largest_share_wrongly_reached": float(own["wrong_reached"].max())},
            rows=[{str(k): v for k, v in row.items()} for row in own.to_dict("records")],
        )
        paths.append(write_evidence(evidence, folder=folder))
        renew_card(specs[name], folder=folder)
    return paths
