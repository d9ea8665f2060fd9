"""How an agreement's area is put together: blocks, mixtures, and which published area is which."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from amager_eval.spec.values import AtKey, Frozen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    #: A part of the residents, one or one a draw.
    type Share = float | NDArray[np.float64]

__all__ = ["Block", "Delivered", "Estate", "Mixture", "Nested", "Published", "Stated"]


class Block(Frozen):
    """A piece of the city that no other block overlaps."""

    id: str  #: Short name
    district: str = ""  #: The part of the whole it lies in; empty where it lies in several


class Delivered(Frozen):
    """Which delivery of residents says how large the first of two is."""

    half: str  #: A half of the area, as the table of residents names it: the district it lies in
    #: `area`: the half's share of the area's residents. `half`: the departments' share of the
    #: half's.
    of: Literal["area", "half"]


class Mixture(Frozen):
    """An area made of two: its share is `share` of the first's plus the rest of the second's."""

    id: str  #: Short name
    #: A block, a mixture above, or a part of the whole.
    first: str
    second: str
    share: str  #: Prior of the first's part of the residents, by its name in `models/area_estimate`
    residents: Delivered | None = None  #: The delivery that takes the prior's place


class Published(Frozen):
    """A published area, as an input names it, and the block or mixture it is."""

    area: Annotated[tuple[str, ...], Field(min_length=1)]
    of: str


class Stated(Frozen):
    """A sentence of the agreement about the area's level beside the whole's."""

    wave: int  #: Survey wave it speaks of
    settings: tuple[str, ...]  #: Questions it speaks of
    says: Literal["lower"]  #: That fewer feel safe than in the whole
    n: Annotated[float, Field(gt=0)]  #: Respondents of the sample that is taken to have shown it
    literal: str  #: The agreement's words


class Estate(Frozen):
    """A figure of another survey about a part of a block, tied to this one by a larger area."""

    survey: str  #: The other survey's name in the input's other figures
    setting: str  #: The question here that it stands beside
    wave: int  #: Its wave
    area: dict[str, str]  #: Its areas, and the block each lies in
    tie: str  #: Its larger area that stands for the whole


class Nested(Frozen):
    """Blocks, mixtures and which published areas they are."""

    area: str  #: The block or mixture that is the area the goals are about
    #: Mixtures are read in order: each is made of what stands above it.
    block: Annotated[tuple[Block, ...], Field(min_length=1)]
    mixture: tuple[Mixture, ...] = ()
    #: Areas whose published figures are read as figures of a block or mixture.
    published: tuple[Published, ...] = ()
    stated: tuple[Stated, ...] = ()  #: Sentences taken as evidence
    estate: Estate | None = None  #: Another survey's figures
    #: The agreement's words on crime in the parts of the area; they are quoted and never counted.
    crime_literal: str = ""

    @model_validator(mode="after")
    def _put_together(self) -> Self:
        blocks = [b.id for b in self.block]
        if len(set(blocks)) < len(blocks):
            raise AtKey(("block",), "twice", name=blocks)
        made = set(blocks)
        for i, mixture in enumerate(self.mixture):
            if mixture.id in made:
                raise AtKey(("mixture", i, "id"), "twice", name=mixture.id)
            made.add(mixture.id)
        known = [("area", self.area), *(("published", p.of) for p in self.published)]
        for key, name in known:
            if name not in made:
                raise AtKey((key,), "unknown", names=name, known=sorted(made))
        if self.estate is not None:
            for name in self.estate.area.values():
                if name not in blocks:
                    raise AtKey(("estate", "area"), "unknown", names=name, known=blocks)
        return self

    def hold_against_parts(self, parts: tuple[str, ...]) -> None:
        """Refuse a district or a piece that is neither a part of the whole nor declared above.

        An `AtKey` has the key that names it.
        """
        for i, block in enumerate(self.block):
            if block.district and block.district not in parts:
                raise AtKey(("block", i, "district"), "unknown", names=block.district, known=parts)
        above = {b.id for b in self.block} | set(parts)
        for i, mixture in enumerate(self.mixture):
            for key in ("first", "second"):
                if getattr(mixture, key) not in above:
                    raise AtKey(
                        ("mixture", i, key),
                        "unknown",
                        names=getattr(mixture, key),
                        known=sorted(above),
                    )
            above.add(mixture.id)

    def among(self, districts: Collection[str]) -> Nested:
        """Leave out what the area itself is not made of and has no district among these.

        Examples
        --------
        >>> nested = Nested(area="a", block=(Block(id="a"), Block(id="b", district="North")))
        >>> [b.id for b in nested.among(["South"]).block]
        ['a']
        """
        own = self.pieces()
        gone = {b.id for b in self.block
                if b.district and b.district not in districts and b.id not in own}  # fmt: skip
        for mixture in self.mixture:
            if mixture.id not in own and {mixture.first, mixture.second} & gone:
                gone.add(mixture.id)
        return self.model_copy(
            update={
                "block": tuple(b for b in self.block if b.id not in gone),
                "mixture": tuple(m for m in self.mixture if m.id not in gone),
                "published": tuple(p for p in self.published if p.of not in gone),
            }
        )

    def pieces(self, name: str | None = None) -> set[str]:
        """Name the blocks and mixtures an area is made of, itself included."""
        name = self.area if name is None else name
        found = {name}
        for mixture in self.mixture:
            if mixture.id == name:
                found |= self.pieces(mixture.first) | self.pieces(mixture.second)
        return found

    @property
    def own_shares(self) -> set[str]:
        """Priors of the shares by which the area itself is put together."""
        own = self.pieces()
        return {m.share for m in self.mixture if m.id in own}

    def districts(self) -> list[str]:
        """Name the districts the area's own blocks lie in."""
        own = self.pieces()
        found = dict.fromkeys(b.district for b in self.block if b.id in own and b.district)
        return list(found)

    def weights(self, shares: Mapping[str, Share]) -> dict[str, dict[str, Share]]:
        """Write every block and mixture as weights of blocks and parts, given the shares.

        `shares` gives the first's part of each mixture, as a number or an array.

        Examples
        --------
        >>> nested = Nested(area="new", block=(Block(id="a"), Block(id="b")),
        ...     mixture=(Mixture(id="new", first="a", second="b", share="halves"),))
        >>> nested.weights({"new": 0.75})["new"]
        {'a': 0.75, 'b': 0.25}
        """
        found: dict[str, dict[str, Share]] = {b.id: {b.id: 1.0} for b in self.block}
        for mixture in self.mixture:
            made: dict[str, Share] = {}
            first = shares[mixture.id]
            for name, share in ((mixture.first, first), (mixture.second, 1 - first)):
                for piece, weight in found.get(name, {name: 1.0}).items():
                    made[piece] = made.get(piece, 0.0) + share * weight
            found[mixture.id] = made
        return found
