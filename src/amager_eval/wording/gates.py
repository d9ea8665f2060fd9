"""Gates a computation did not pass, in a few words: the full sentence is the statistician's."""

from __future__ import annotations

from typing import Final

from amager_eval.wording.sentences import Wording

__all__ = ["gates_failed", "say_gate"]

#: What a gate's own sentence is known by.
_GATES: Final = {
    "rhat": "R-hat",
    "ess": "effective sample size",
    "divergences": "divergent",
    "ebfmi": "E-BFMI",
    "finite": "not finite",
    "cell": "exact likelihood of a cell",
}


def gates_failed(problems: str, words: Wording) -> str:
    """Name the gates that failed; the sentence with the parameter's name is in the open data.

    Examples
    --------
    >>> from amager_eval.wording.sentences import load_wording
    >>> gates_failed("R-hat 1.020 of level exceeds 1.01", load_wording("da"))
    'R-hat for høj'
    """
    named = [words.say(f"gate.{key}") for key, sign in _GATES.items() if sign in problems]
    return words.listing(named)


def say_gate(problem: str, words: Wording) -> str:
    """Say which computation failed which gate, and repeat the sentence for the statistician.

    Examples
    --------
    >>> from amager_eval.wording.sentences import load_wording
    >>> say_gate("safety_trend: R-hat 1.020 of level exceeds 1.01", load_wording("da"))
    'tryghed: R-hat for høj (»safety_trend: R-hat 1.020 of level exceeds 1.01«)'
    """
    model, _, says = problem.partition(": ")
    named = gates_failed(says, words)
    if not named:
        return problem
    return words.say("ending.gate", model=words.name("progress", model), gate=named, says=problem)
