"""How an extract of the police register is coded: the mapping file (TOML) beside it::

    file = "udtraek.csv"
    definition = "borgervendt"
    period = "quarter"                 # year, quarter or month
    from = 2016-01-01                  # what the extract was made to cover
    until = 2025-12-31
    ignore_offences = ["9999"]         # known, and on purpose not counted
    keep_status = ["anmeldt"]          # leave out where there is no status

    [columns]
    date = "gerningsdato"
    offence = "gerningskode"
    area = "bydel"                     # or: area_name = "Amager Partnerskab (2025)" at the top
    id = "journalnr"                   # finds duplicates; leave out for none
    status = "status"

    [areas]                            # value of the column to the areas it counts in
    "1009" = ["Amager Øst"]

    [types]                            # an offence may count in several types
    "indbrud" = ["1316", "1320"]
    "total" = ["*"]

A value of `areas` may count in several areas, as its versions are. What stands in neither table is
told with its number of reports.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from amager_eval.data.files.mapping_file import read_mapping_file
from amager_eval.wording.sentences import Lang

__all__ = ["EVERY", "RegisterColumns", "RegisterMapping", "read_register_mapping"]

#: Every offence that is not ignored.
EVERY: Final = "*"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class RegisterColumns(_Frozen):
    """Which column of the extract is what."""

    date: str
    offence: str
    area: str | None = None
    id: str | None = None
    status: str | None = None


class RegisterMapping(_Frozen):
    """How a register extract is coded."""

    file: str  #: Name of the extract, beside the mapping
    definition: str  #: Definition of the counts; other definitions are other series
    period: Literal["year", "quarter", "month"]  #: Length of the periods to count in
    #: What the extract covers (`from` in the file); periods without reports count 0.
    first_day: Annotated[date, Field(alias="from")]
    until: date
    area_name: str | None = None  #: Area of all rows, where the extract has no column for it
    ignore_offences: tuple[str, ...] = ()  #: Codes known and on purpose not counted
    keep_status: tuple[str, ...] = ()  #: Status of the rows that count; empty: all
    columns: RegisterColumns  #: Date, offence, area, id, status
    #: Value of the area column to the areas (versions) it counts in.
    areas: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    #: Crime type to offence codes; `*` is every code that is not ignored.
    types: Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> RegisterMapping:
        if (self.area_name is None) == (self.columns.area is None):
            raise PydanticCustomError("mapping_area", "wrong")
        if self.columns.area is not None and not self.areas:
            raise PydanticCustomError("mapping_areas", "wrong")
        if self.until < self.first_day:
            raise PydanticCustomError("mapping_dates", "wrong")
        if self.keep_status and self.columns.status is None:
            raise PydanticCustomError("mapping_status", "wrong")
        return self


def read_register_mapping(path: str | Path, *, lang: Lang = "en") -> RegisterMapping:
    """Read and validate a mapping file; every wrong key is named."""
    return read_mapping_file(Path(path), RegisterMapping, lang)
