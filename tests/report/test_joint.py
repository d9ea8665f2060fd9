"""Several partnerships in one status: each one's verdicts in a row, nothing added up."""

from dataclasses import replace

import pikepdf
import pytest

from amager_eval.errors import InputError
from amager_eval.goals.standing import goal_standings
from amager_eval.report import joint
from amager_eval.report.document import TableBlock, pictures, tables
from amager_eval.report.joint import compose_joint, write_joint
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
    assert list(overview.frame["partnership"]) == ["Amager Partnerskab", "Nabopartnerskab"]
    for statement, row in zip(statements, overview.frame.to_dict(orient="records"), strict=True):
        printed = " ".join(str(row[f"verdict_{i}"]) for i in range(4))
        assert {s.goal for s in goal_standings(statement)} <= set(printed.replace(",", " ").split())


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
