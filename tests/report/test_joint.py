"""Several partnerships in one status: each one's verdicts in a row, nothing added up."""

from dataclasses import replace

import pikepdf
import pytest

from amager_eval.errors import InputError
from amager_eval.report import joint
from amager_eval.report.document import Bullets, TableBlock, pictures, tables
from amager_eval.report.joint import compose_joint, write_joint
from amager_eval.tables.goals import goals_table
from amager_eval.wording.about import bound_to
from amager_eval.wording.sentences import load_wording

WORDS = load_wording("da")


@pytest.fixture(scope="module")
def statements(make_statement):
    one = make_statement(own_area=True, crime=False)
    other = one.agreement.model_copy(update={"id": "nabo", "name": "Nabopartnerskab"})
    bare = make_statement(crime=False, activities=False)
    return [one, replace(bare, agreement=other)]


def test_every_partnership_has_a_row_with_its_own_verdicts(statements):
    document = compose_joint(statements, WORDS)
    (overview,) = [b.table for b in document.blocks
                   if isinstance(b, TableBlock) and b.table.id == "joint_overview"]  # fmt: skip
    names = ["Amager Partnerskab", "Nabopartnerskab"]
    assert list(dict.fromkeys(overview.frame["partnership"])) == names
    for statement, name in zip(statements, names, strict=True):
        rows = overview.frame[overview.frame["partnership"] == name]
        own = goals_table(statement, bound_to(statement.agreement, WORDS)).frame
        assert list(rows["what"]) == list(own["what"])
        assert list(rows["status"]) == list(own["status"])
    (leads,) = [b.items for b in document.blocks[:3] if isinstance(b, Bullets)]
    assert [text.partition(":")[0] for text in leads] == names


def test_pictures_and_tables_have_names_of_their_own(statements):
    document = compose_joint(statements, WORDS)
    for names in ([p.id for p in pictures(document)], [t.id for t in tables(document.blocks)]):
        assert len(names) == len(set(names))
        assert {"amager_2025_2028_standings", "nabo_standings"} <= set(names)


def test_another_year_or_the_same_agreement_twice_is_refused(statements):
    with pytest.raises(InputError, match="different agreements in one year"):
        compose_joint([statements[0], statements[0]], WORDS)
    with pytest.raises(InputError, match="different agreements in one year"):
        compose_joint([statements[0], replace(statements[1], year=2025)], WORDS)


def test_the_folder_holds_the_joint_status_and_every_partnerships_own(
    statements, monkeypatch, tmp_path
):
    def stand_in(_, out, **options):
        out.mkdir(parents=True)
        (out / "statement.json").write_text(str(options["lang"]), encoding="utf-8")

    monkeypatch.setattr(joint, "write_appendix", stand_in)
    written = write_joint(statements, tmp_path / "out")
    names = {p.relative_to(tmp_path / "out").as_posix() for p in written}
    assert {"appendix.pdf", "appendix.html", "nabo/statement.json"} <= names
    with pikepdf.open(tmp_path / "out" / "appendix.pdf") as pdf:
        assert 3 <= len(pdf.pages) <= 5
