"""Shares, rates and counts with their intervals: the numbers everything else is made of."""

from amager_eval.indicators.estimate import Estimate
from amager_eval.indicators.partners import partner_share
from amager_eval.indicators.rate import rate
from amager_eval.indicators.share import share
from amager_eval.indicators.standardised import standardised_rate

__all__ = ["Estimate", "partner_share", "rate", "share", "standardised_rate"]
