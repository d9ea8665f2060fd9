"""Statistical evaluation and forecasting of neighbourhood-safety partnerships.

Every name below is loaded when it is first used, so that `import amager_eval` costs nothing.

Examples
--------
>>> import amager_eval as ae
>>> ae.load_agreement("amager_2025_2028").safety.target_wave
2028
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amager_eval import significance
    from amager_eval.data.input import Input
    from amager_eval.data.published import published
    from amager_eval.data.read import read_input
    from amager_eval.errors import AmagerEvalError, Fault, GateError, InputError, SpecError
    from amager_eval.evaluation.evaluate import evaluate
    from amager_eval.goals.statement import Statement
    from amager_eval.report.question import write_question
    from amager_eval.report.write import write_appendix
    from amager_eval.spec.agreement import load_agreement
    from amager_eval.spec.model import load_model_spec
    from amager_eval.spec.prior import Prior
    from amager_eval.trends.area.estimate import AreaEstimate, estimate_area
    from amager_eval.trends.crime.fit import fit_crime
    from amager_eval.trends.crime.model import crime_model
    from amager_eval.trends.example import example_fit
    from amager_eval.trends.fit import Fit, Forecast, load_fit
    from amager_eval.trends.safety.fit import fit_safety, safety_model

_HOME = {
    "AmagerEvalError": "errors",
    "AreaEstimate": "trends.area.estimate",
    "Fault": "errors",
    "Fit": "trends.fit",
    "Forecast": "trends.fit",
    "GateError": "errors",
    "Input": "data.input",
    "InputError": "errors",
    "Prior": "spec.prior",
    "SpecError": "errors",
    "Statement": "goals.statement",
    "crime_model": "trends.crime.model",
    "estimate_area": "trends.area.estimate",
    "evaluate": "evaluation.evaluate",
    "example_fit": "trends.example",
    "fit_crime": "trends.crime.fit",
    "fit_safety": "trends.safety.fit",
    "safety_model": "trends.safety.fit",
    "load_agreement": "spec.agreement",
    "load_fit": "trends.fit",
    "load_model_spec": "spec.model",
    "published": "data.published",
    "read_input": "data.read",
    "write_appendix": "report.write",
    "write_question": "report.question",
}

__all__ = [
    "AmagerEvalError",
    "AreaEstimate",
    "Fault",
    "Fit",
    "Forecast",
    "GateError",
    "Input",
    "InputError",
    "Prior",
    "SpecError",
    "Statement",
    "crime_model",
    "estimate_area",
    "evaluate",
    "example_fit",
    "fit_crime",
    "fit_safety",
    "load_agreement",
    "load_fit",
    "load_model_spec",
    "published",
    "read_input",
    "safety_model",
    "significance",
    "write_appendix",
    "write_question",
]

if not TYPE_CHECKING:  # else a type checker would accept any name

    def __getattr__(name: str) -> object:
        if name == "significance":
            return import_module("amager_eval.significance")
        if name in _HOME:
            return getattr(import_module(f"amager_eval.{_HOME[name]}"), name)
        raise AttributeError(f"module 'amager_eval' has no attribute '{name}'")

    def __dir__() -> list[str]:
        return __all__
