"""The peers of each panel, and their stored scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.evidence.peers.gap import LastGap
from amager_eval.evidence.peers.packages import prophet, statsforecast
from amager_eval.evidence.peers.series import SeriesPeer, last_value
from amager_eval.evidence.peers.statistical import linear_trend, negbin_glm, structural

if TYPE_CHECKING:
    from amager_eval.evidence.peers.series import Scale
    from amager_eval.trends.fit import Kind

__all__ = ["Peer", "peers_of"]

#: A peer: a forecaster that says how it forecasts and with which packages.
type Peer = SeriesPeer | LastGap


def peers_of(kind: Kind) -> tuple[Peer, ...]:
    """List the peers of a kind of panel.

    The declared scale of a peer is the one of counts, sqrt and log with the lowest mean CRPS at
    the development origins of the quarterly panel, where it did not explode (AutoARIMA on the
    log does): peers are given their best side.

    Examples
    --------
    >>> [p.name for p in peers_of("crime")][:3]
    ['seasonal_naive', 'auto_ets', 'auto_theta']
    """
    if kind == "crime":
        return (
            _last_value("seasonal_naive", "sqrt"),
            statsforecast("AutoETS", "auto_ets", "log"),
            statsforecast("AutoTheta", "auto_theta", "log"),
            structural("unobserved_components", "local level", "sqrt"),
            negbin_glm(),
            prophet("sqrt"),
            statsforecast("AutoARIMA", "auto_arima", "sqrt"),
        )
    return (
        _last_value("last_value", "logit"),
        LastGap(),
        linear_trend("logit"),
        structural("local_level", "local level", "logit"),
        structural("local_linear_trend", "local linear trend", "logit"),
        statsforecast("AutoETS", "auto_ets", "logit"),
        statsforecast("AutoARIMA", "auto_arima", "logit"),
        prophet("logit"),
    )


def _last_value(name: str, scale: Scale) -> SeriesPeer:
    return SeriesPeer(
        name,
        last_value,
        scale,
        "last value of the same season; Normal, sd the root mean square change over a cycle times "
        "the square root of the cycles ahead",
        least=1,
    )
