"""Which areas contain which, and which types add up to the total: how counts follow from others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.options import Total

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["Cell", "Scheme", "area_schemes", "declared_total", "instances", "type_schemes"]

type Cell = tuple[str, str]  # area, crime type
type Scheme = tuple[tuple[str, ...], tuple[str, ...]]  # names of the whole, names of its parts


def declared_total() -> Total:
    """Read which type is the total, and which types each definition nests in it."""
    # what is nested in what is shown beside drafts too; the fit itself asks the register
    return Total.model_validate(load_model_spec("crime_trend", draft=True).options["total"])


def area_schemes(data: Input, agreement: Agreement) -> list[Scheme]:
    """Which areas contain which: the whole its parts, districts a version, a version the older."""
    schemes: list[Scheme] = []
    if data.whole is not None and data.parts:
        schemes.append(((data.whole,), tuple(data.parts)))
    versions = sorted(agreement.areas.version, key=lambda v: v.from_wave or 0)
    for i, version in enumerate(versions):
        for name in version.names:
            schemes += [((agreement.areas.whole,), (name,)), (version.districts, (name,))]
            schemes.append(((name,), version.estates))
            schemes += [((name,), (old,)) for older in versions[:i] for old in older.names]
    return [s for s in schemes if s[0] and s[1]]


def type_schemes(kinds: Sequence[str], total: str, nested: tuple[str, ...] | None) -> list[Scheme]:
    """Which types add up to the total: the declared ones, and all there are."""
    kinds = tuple(k for k in kinds if k != total)
    return [((total,), parts) for parts in dict.fromkeys([kinds, tuple(nested or ())]) if parts]


def instances(
    counts: Mapping[Cell, float], axis: str, scheme: Scheme
) -> Iterator[tuple[list[Cell], list[Cell], float]]:
    """Yield a scheme's cells for every type (area) that has its whole and a part; and the rest."""
    other = list(dict.fromkeys(kind if axis == "area" else area for area, kind in counts))
    for fixed in other:
        whole, parts = (
            [(name, fixed) if axis == "area" else (fixed, name) for name in side] for side in scheme
        )
        parts = [c for c in parts if c in counts]
        if parts and all(c in counts for c in whole):
            rest = sum(counts[c] for c in whole) - sum(counts[c] for c in parts)
            if rest >= 0:  # otherwise they do not add up to it and say nothing of each other
                yield whole, parts, rest
