import pytest

from amager_eval.goals.crime.monitored_types import monitored_chart
from amager_eval.goals.crime.view import view_crime


@pytest.fixture(scope="module")
def statement(make_statement):
    return make_statement()


def test_every_view_is_of_the_same_forecast(statement):
    views = view_crime(statement.data, statement.facts, statement.agreement, statement.crime)
    assert views.definition == "STRAF11"
    assert set(views.changes["area"]) == {statement.agreement.areas.whole}
    assert set(views.changes["form"]) == {"count", "rate"}
    assert views.chart.equals(monitored_chart(statement.data, statement.agreement))
    assert views.displacement.empty  # a city alone has nothing next door


def test_without_a_forecast_the_chart_stands(statement):
    views = view_crime(statement.data, statement.facts, statement.agreement, None)
    assert views.changes.empty
    assert len(views.chart)
