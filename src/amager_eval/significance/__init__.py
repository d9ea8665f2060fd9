"""Did it change, and is it different? Classical tests and intervals, pure functions.

Numbers in, numbers out; arrays and Series in, arrays out; NaN in, NaN out; what cannot be raises
an error that names the argument. Series are taken together only if their labels are the same in
the same order; a masked element is missing; dates are refused: years are numbers. Every result is a
frozen record with its method, level and n.

No variance in the sample is not certainty: where everybody in a group agrees a score or exact
method answers. Where a likelihood has no maximum the slope is infinite and p exact.

=====================================  =====================================================
question                               function
=====================================  =====================================================
one share, one rate                    `share`, `rate`, `exact_share_test`,
                                       `standardised_rate`
change between two waves               `difference`, `independence_test`
district against city                  `part_versus_whole`
trend over all waves                   `trend`, `logit_trend`, `random_effects_trend`,
                                       `rank_trend`
more than the rest                     `difference_in_change`
many tests at once                     `adjust`
at least hold, as good as              `equivalence`, `non_inferiority`,
                                       `rate_non_inferiority`
two rates, a rate over years           `rate_ratio`, `rate_trend`
crime here and next door               `weighted_displacement_difference`
which areas stand out                  `funnel`
is a wave out of the ordinary          `share_chart`
how small a change could be seen       `power`, `respondents_for_power`,
                                       `smallest_detectable_change`,
                                       `probability_of_rising_every_year`
published figures only                 `published_change`, `published_part_versus_whole`
what a stated finding needs            `earlier_share_needed`, `earlier_percent_needed`,
                                       `respondents_needed`
weighted microdata                     `weighted_share`, `weighted_shares`,
                                       `weighted_difference`,
                                       `weighted_part_versus_whole`, `rao_scott_test`,
                                       `kish_design_effect`, `share_interval`
=====================================  =====================================================
"""

from amager_eval.indicators import Estimate, rate, share, standardised_rate
from amager_eval.indicators.control import Rebase
from amager_eval.indicators.weighted import (
    WeightedShare,
    WeightedShares,
    kish_design_effect,
    share_interval,
    weighted_share,
    weighted_shares,
)
from amager_eval.significance.adjust import adjust
from amager_eval.significance.contrast import Contrast
from amager_eval.significance.difference import Difference, difference, part_versus_whole
from amager_eval.significance.difference_in_change import (
    DisplacementDifference,
    difference_in_change,
    weighted_displacement_difference,
)
from amager_eval.significance.equivalence import (
    Equivalence,
    NonInferiority,
    equivalence,
    non_inferiority,
)
from amager_eval.significance.exact import (
    ExactShareTest,
    IndependenceTest,
    exact_share_test,
    independence_test,
)
from amager_eval.significance.funnel import Funnel, funnel
from amager_eval.significance.needed import (
    EarlierPercent,
    earlier_percent_needed,
    earlier_share_needed,
    respondents_needed,
)
from amager_eval.significance.power import (
    power,
    probability_of_rising_every_year,
    respondents_for_power,
    smallest_detectable_change,
)
from amager_eval.significance.published import (
    PublishedVerdict,
    published_change,
    published_part_versus_whole,
)
from amager_eval.significance.random_effects_trend import (
    RandomEffectsTrend,
    random_effects_trend,
)
from amager_eval.significance.rates import (
    RateNonInferiority,
    RateRatio,
    rate_non_inferiority,
    rate_ratio,
)
from amager_eval.significance.share_chart import share_chart
from amager_eval.significance.trends import (
    RankTrend,
    RateTrend,
    TrendTest,
    logit_trend,
    rank_trend,
    rate_trend,
    trend,
)
from amager_eval.significance.weighted import (
    RaoScottTest,
    WeightedComparison,
    rao_scott_test,
    weighted_difference,
    weighted_part_versus_whole,
)

__all__ = [
    "Contrast",
    "Difference",
    "DisplacementDifference",
    "EarlierPercent",
    "Equivalence",
    "Estimate",
    "ExactShareTest",
    "Funnel",
    "IndependenceTest",
    "NonInferiority",
    "PublishedVerdict",
    "RandomEffectsTrend",
    "RankTrend",
    "RaoScottTest",
    "RateNonInferiority",
    "RateRatio",
    "RateTrend",
    "Rebase",
    "TrendTest",
    "WeightedComparison",
    "WeightedShare",
    "WeightedShares",
    "adjust",
    "difference",
    "difference_in_change",
    "earlier_percent_needed",
    "earlier_share_needed",
    "equivalence",
    "exact_share_test",
    "funnel",
    "independence_test",
    "kish_design_effect",
    "logit_trend",
    "non_inferiority",
    "part_versus_whole",
    "power",
    "probability_of_rising_every_year",
    "published_change",
    "published_part_versus_whole",
    "random_effects_trend",
    "rank_trend",
    "rao_scott_test",
    "rate",
    "rate_non_inferiority",
    "rate_ratio",
    "rate_trend",
    "respondents_for_power",
    "respondents_needed",
    "share",
    "share_chart",
    "share_interval",
    "smallest_detectable_change",
    "standardised_rate",
    "trend",
    "weighted_difference",
    "weighted_displacement_difference",
    "weighted_part_versus_whole",
    "weighted_share",
    "weighted_shares",
]
