"""What a benchmark run says: ratios of valid runs, aims, what became slower; and its page."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

#: Both gates of the models' documents; a test holds them against these.
TARGET_ESS, RHAT_MAX = 400.0, 1.01
#: Time of the package over plain PyMC's, at equal effective draws.
AIMS = {"cold": 0.5, "warm": 0.6, "refit": 0.33}
#: Seconds of `amager-eval appendix` on the bundled figures, on two cores.
APPENDIX_AIMS = {"cold": 120.0, "warm": 60.0}
#: So many times the accepted ratio is a regression; less is how runs differ.
SLOWER = 1.25
#: What the appendix is timed against: it has no counterpart in plain PyMC.
YARDSTICK = ("crime", "plain", "warm")
ANSWER = {True: "reached", False: "missed", None: "no answer"}

type Row = Mapping[str, Any]


@dataclass(frozen=True)
class Ratio:
    """Time of the package over plain PyMC's.

    `value` is None where a side has no valid run; `note` says what was dropped and why, `reached`
    whether the aim was (None: no answer), `failed` that the package has no valid run of its own.
    """

    value: float | None
    aim: str
    reached: bool | None
    note: str = ""
    failed: bool = False


def ratios(rows: Sequence[Row], kind: str) -> dict[str, Ratio]:
    """Ratio of medians over valid runs, both sides brought to the same effective draws."""
    if kind == "appendix":
        return _appendix(rows)
    found = {}
    for state, aim in AIMS.items():
        runs = {side: _runs(rows, kind, side, state) for side in ("package", "plain")}
        if state == "refit" and not any(runs.values()):
            continue  # none was asked for
        prefix = "refit_" if state == "refit" else ""
        seconds, notes = {}, []
        for side, chosen in runs.items():
            seconds[side], note = _valid(chosen, prefix)
            notes += [f"{side}: {note}"] if note else []
        value = _over(seconds["package"], seconds["plain"])
        found[f"{kind} {state}"] = Ratio(
            value,
            f"{aim:.2f}",
            None if value is None else value <= aim,
            "; ".join(notes),
            failed=not seconds["package"],
        )
    return found


def _appendix(rows: Sequence[Row]) -> dict[str, Ratio]:
    """Seconds against their aims, and over the yardstick of the same run."""
    yardstick, note = _valid(_runs(rows, *YARDSTICK), "")
    missing = "" if yardstick else f"no yardstick, {' '.join(YARDSTICK)}: {note}"
    found = {}
    for state, aim in APPENDIX_AIMS.items():
        seconds = [r["seconds"] for r in _runs(rows, "both", "appendix", state)]
        if seconds:
            took = statistics.median(seconds)
            found[f"appendix {state}"] = Ratio(
                _over(seconds, yardstick),
                f"{aim:.0f} s, took {took:.0f} s",
                took <= aim,
                missing,
            )
    return found


def _runs(rows: Sequence[Row], kind: str, side: str, state: str) -> list[Row]:
    """Return the runs of a side; refits were made in its warm ones."""
    of = [r for r in rows if (r["model"], r["task"]) == (kind, side)]
    if state == "refit":
        return [r for r in of if "refit_seconds" in r]
    return [r for r in of if r["state"] == state]


def _valid(runs: Sequence[Row], prefix: str) -> tuple[list[float], str]:
    """Seconds of the runs within their gates, at equal effective draws; and what was dropped."""
    seconds, dropped = [], []
    for run in runs:
        missed = []
        if run[f"{prefix}divergences"] > 0:
            missed.append(f"{run[f'{prefix}divergences']:.0f} divergences")
        if not run[f"{prefix}rhat"] <= RHAT_MAX:
            missed.append(f"R-hat {run[f'{prefix}rhat']:.3f}")
        if missed:
            dropped.append(", ".join(missed))
        else:
            stretched = max(1.0, TARGET_ESS / run[f"{prefix}ess"])
            seconds.append(run[f"{prefix}seconds"] * stretched)
    if not runs:
        return seconds, "not run"
    what = f"{len(dropped)} of {len(runs)} invalid ({'; '.join(dropped)})"
    return seconds, what if dropped else ""


def _over(package: Sequence[float], plain: Sequence[float]) -> float | None:
    if not package or not plain:
        return None
    return round(statistics.median(package) / statistics.median(plain), 3)


def regressions(new: Mapping[str, Ratio], accepted: Mapping[str, float]) -> dict[str, str]:
    """Say what is worse than the accepted run beyond how runs differ."""
    found = {}
    for name, ratio in new.items():
        if name not in accepted:
            continue
        if ratio.failed:
            found[name] = "no valid run any more"
        elif ratio.value is not None and ratio.value > SLOWER * accepted[name]:
            found[name] = f"{ratio.value / accepted[name]:.2f} times the accepted"
    return found


def write_page(
    path: Path,
    rows: Sequence[Row],
    new: Mapping[str, Ratio],
    accepted: Mapping[str, float],
    *,
    command: str,
    machine: str,
) -> None:
    """Write everything the run says as a page of the documentation; nothing on it is typed."""
    counts = Counter((r["state"], "appendix" if r["task"] == "appendix" else "fit") for r in rows)
    # every model is fitted by both sides as often
    sides = len({(r["model"], r["task"]) for r in rows if r["task"] != "appendix"})
    repeats = [
        f"{count // sides if what == 'fit' else count} {state} of "
        + ("each model and side" if what == "fit" else "the appendix")
        for (state, what), count in counts.items()
    ]
    worse = regressions(new, accepted)
    text = f"""# Benchmarks

Written by `{command}` on {date.today().isoformat()}, {machine}. Runs: {", ".join(repeats)}.
Seconds are wall clock of a whole process, imports included, processor seconds those of all its
cores until the first fit was done, which a busy machine leaves as they are; `plain` is `pm.sample`
on the same PyMC models with the same draws, tuning and target.

{_table_of_runs(rows)}

## Against plain PyMC in the same run

Time of the package over plain PyMC's, medians, each time stretched by {TARGET_ESS:.0f} / ESS where
a run had fewer effective draws than the gate asks. A run or refit with divergences or R-hat above
{RHAT_MAX} is no valid one and is left out, on either side; the package samples again what diverges.
The appendix has seconds as its aims; its ratio is over {" ".join(YARDSTICK)} of the same run, a
yardstick of the machine.

{_table_of_ratios(new, accepted, worse)}

{_aims(new)}

Slower than {SLOWER} times the last accepted run: {_listed(worse)}.
"""
    path.write_text(text, encoding="utf-8")


def _table_of_runs(rows: Sequence[Row]) -> str:
    columns = ("ess", "rhat", "divergences")
    cells = [
        [r["model"], r["task"], r["state"], f"{r['seconds']:.0f}"]
        + [f"{r['processor']:.0f}" if "processor" in r else "–"]
        + [f"{r[k]:.4g}" if k in r else "–" for k in columns]
        + [
            f"{r[k]:.4g}" if k in r else "–"
            for k in ("refit_seconds", *(f"refit_{c}" for c in columns))
        ]
        for r in rows
    ]
    told = ["least ESS", "R-hat", "divergences"]
    head = [
        "model",
        "what",
        "caches",
        "seconds",
        "processor seconds",
        *told,
        "a refit, seconds",
        *told,
    ]
    return _table(head, cells)


def _table_of_ratios(
    new: Mapping[str, Ratio], accepted: Mapping[str, float], worse: Mapping[str, str]
) -> str:
    cells = []
    for name in dict.fromkeys([*new, *accepted]):  # what was not run now stays in sight
        ratio = new.get(name, Ratio(None, "–", None, "not measured in this run"))
        mark = [f"**{worse[name]}**"] if name in worse else []
        cells.append(
            [
                name,
                "–" if ratio.value is None else f"{ratio.value:.2f}",
                ratio.aim,
                ANSWER[ratio.reached],
                f"{accepted[name]:.2f}" if name in accepted else "–",
                "; ".join([*mark, *([ratio.note] if ratio.note else [])]),
            ]
        )
    return _table(["ratio", "this run", "aim", "", "last accepted run", "note"], cells)


def _aims(new: Mapping[str, Ratio]) -> str:
    """Say in one line each which aims were reached, missed or cannot be told."""
    lines = []
    for reached, word in ANSWER.items():
        names = [name for name, ratio in new.items() if ratio.reached is reached]
        lines.append(f"- {word}: {', '.join(names) or 'none'}")
    return "Aims:\n\n" + "\n".join(lines)


def _listed(worse: Mapping[str, str]) -> str:
    return "; ".join(f"{name} ({what})" for name, what in worse.items()) or "none"


def _table(head: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *cells])
