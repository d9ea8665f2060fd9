import pandas as pd
import pytest

from amager_eval.errors import InputError
from amager_eval.indicators import partner_share


def test_counts_each_partner_once():
    plan = pd.DataFrame(
        {
            "focus_area": ["B", "A", "A", "B"],
            "partners": ["SSP; fsb", "SSP; ssp ", None, " ; HAB;VIBO"],
        }
    )
    table = partner_share(plan)
    assert table["focus_area"].tolist() == ["B", "A", "i alt"]
    assert table["activities"].tolist() == [2, 2, 4]
    assert table["with_two_or_more"].tolist() == [2, 0, 2]
    assert table["share"].tolist() == [1.0, 0.0, 0.5]
    assert partner_share(plan, at_least=1)["with_two_or_more"].tolist() == [2, 1, 3]


def test_empty_list_and_missing_column():
    assert partner_share(pd.DataFrame(columns=["focus_area", "partners"])).empty
    with pytest.raises(InputError, match="partners"):
        partner_share(pd.DataFrame({"focus_area": ["A"]}))
