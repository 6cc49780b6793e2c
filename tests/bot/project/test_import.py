"""FAQ tables of all makes become answers, and a second import updates them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import ProjectError, SourceUnreadable
from bot.project.answers_import import import_answers
from bot.project.answers_write import write_answers
from bot.project.check import check_folder
from bot.project.html_text import flatten
from bot.project.load import load_project
from bot.project.table import decode, read_table
from retrieval.answers import Answer

HEAD = "question,answer\n"


def source(folder: Path, text: str | bytes, name: str = "faq.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def answers(project: Path) -> dict[str, Answer]:
    return {template.id: template.answer for template in load_project(project, environ={}).answers}


def test_a_table_becomes_a_whole_bot(tmp_path: Path) -> None:
    table = source(tmp_path, HEAD + "When are you open?,9 to 5\nWhere do I park?,Behind the house\n")
    report = import_answers(table, tmp_path / "bot")
    assert (report.taken, report.merged, report.refused, report.encoding) == (2, 0, (), "utf-8")
    found = answers(tmp_path / "bot")
    assert [answer.text for answer in found.values()] == [{"en": "9 to 5"}, {"en": "Behind the house"}]
    assert all(answer.vetted for answer in found.values())
    assert next(iter(found)).startswith("when_are_you_open_")
    assert check_folder(tmp_path / "bot") == ()
    assert json.loads(json.dumps(report.to_json()))["taken"] == 2


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    table = source(tmp_path, HEAD + "When?,9 to 5\nWhere?,Here\nWhere?,There\n")
    first = import_answers(table, tmp_path / "bot")
    assert first.file is not None
    written = first.file.read_bytes()
    second = import_answers(table, tmp_path / "bot")
    assert (second.taken, second.updated, second.unchanged, second.absent) == (0, 0, 3, 0)
    assert first.file.read_bytes() == written
    assert second.notes == ("One question has more than one answer; `frontdesk check` lists them.",)


def test_a_changed_answer_keeps_its_id_and_what_people_added(tmp_path: Path) -> None:
    project = tmp_path / "bot"
    import_answers(source(tmp_path, HEAD + "When?,9 to 5\nGone?,Soon\n"), project, vetted=False)
    path = project / "answers" / "imported_faq.yml"
    ids = list(answers(project))
    edited = path.read_text(encoding="utf-8").replace(
        "vetted: false", "vetted: true\n  valid_from: 2026-01-01", 1
    )
    path.write_text(
        edited.replace("    - When?", "    - When?\n    - What are your hours?"), encoding="utf-8"
    )
    report = import_answers(source(tmp_path, HEAD + "When?,10 to 4\n"), project, vetted=False)
    assert (report.taken, report.updated, report.absent) == (0, 1, 1)
    found = answers(project)
    assert list(found) == ids
    changed = found[ids[0]]
    assert changed.text == {"en": "10 to 4"}
    assert changed.questions == {"en": ("When?", "What are your hours?")}
    assert changed.vetted and changed.valid_from is not None and not found[ids[1]].vetted


def test_rows_that_change_places_keep_their_ids(tmp_path: Path) -> None:
    rows = ["Where?,Here\n", "Where?,There\n", "When?,Now\n"]
    project = tmp_path / "bot"
    import_answers(source(tmp_path, HEAD + "".join(rows)), project)
    before = answers(project)
    report = import_answers(source(tmp_path, HEAD + "".join(reversed(rows))), project)
    assert report.unchanged == 3
    assert answers(project) == before


def test_equal_answers_become_one_with_several_questions(tmp_path: Path) -> None:
    rows = "When?,9 to 5\nOpening hours?,9 to 5.\nWhen ?,9 to 5\nwhen?,9  to 5\n"
    report = import_answers(source(tmp_path, HEAD + rows), tmp_path / "bot")
    assert (report.taken, report.merged) == (1, 3)
    (answer,) = answers(tmp_path / "bot").values()
    assert answer.questions == {"en": ("When?", "Opening hours?")}


def test_hand_made_answers_are_left_alone(tmp_path: Path) -> None:
    project = tmp_path / "bot"
    (project / "answers").mkdir(parents=True)
    mine = project / "answers" / "mine.yml"
    mine.write_text("answers:\n- id: hours\n  text: By hand\n", encoding="utf-8")
    import_answers(source(tmp_path, "id,question,answer\nhours,When?,9 to 5\n"), project)
    assert mine.read_text(encoding="utf-8") == "answers:\n- id: hours\n  text: By hand\n"
    assert list(answers(project)) == ["hours_2", "hours"]


def test_rows_of_one_id_join_their_languages(tmp_path: Path) -> None:
    table = source(
        tmp_path, "ID,Lang,Title,Response\n7,en-US,When?,9 to 5\n7,Chinese,几点?,九点到五点\n8,,何时,今天\n"
    )
    report = import_answers(table, tmp_path / "bot")
    assert report.languages == ("en", "zh")
    found = answers(tmp_path / "bot")
    assert list(found) == ["faq_7", "faq_8"]
    assert found["faq_7"].text == {"en": "9 to 5", "zh": "九点到五点"}
    assert load_project(tmp_path / "bot").settings.languages == ("zh", "en")


def test_one_language_alone_can_be_taken(tmp_path: Path) -> None:
    table = source(tmp_path, HEAD + "When?,Nine\n几点?,九点\n")
    report = import_answers(table, tmp_path / "bot", language="zh")
    assert (report.taken, report.other_language, report.languages) == (1, 1, ("zh",))
    later = import_answers(table, tmp_path / "bot", language="en")
    assert (later.taken, later.absent) == (1, 1)
    assert later.notes == ("Answers came in en: add it to `languages:` in config.yml.",)


def test_rows_that_say_nothing_are_refused_with_line_and_reason(tmp_path: Path) -> None:
    rows = f'"Two\nlines?",ok\n,no question\nNo answer?,\n{"x" * 1001},long\na,b,c\n\nlast?,yes\n'
    report = import_answers(source(tmp_path, HEAD + rows), tmp_path / "bot")
    assert report.taken == 2
    assert [line for line, _ in report.refused] == [4, 5, 6, 7]
    assert [reason.split(";")[0] for _, reason in report.refused] == [
        "there is no question",
        "there is no answer",
        "the question is longer than 1,000 characters",
        "3 cells under 2 columns",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_chinese_tables_are_read_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    text = "问题,答案\n" + "".join(
        f"第{n}份保单怎么续保？,请在到期前{n}天在手机应用里办理续保手续。\n" for n in range(1, 30)
    )
    report = import_answers(source(tmp_path, text.encode(encoding)), tmp_path / "bot")
    assert (report.taken, report.languages) == (29, ("zh",))
    assert "手机应用" in next(iter(answers(tmp_path / "bot").values())).text["zh"]


def test_western_tables_are_read_too(tmp_path: Path) -> None:
    text = "Frage;Antwort\nWann ist geöffnet?;Täglich – außer sonntags – für alle Gäste.\n"
    text += "Und dann?;Später, naturgemäß.\n"
    table = source(tmp_path, text.encode("cp1252"))
    columns = {"question": "frage", "answer": "ANTWORT"}
    import_answers(table, tmp_path / "bot", columns=columns, encoding="cp1252", language="de")
    assert next(iter(answers(tmp_path / "bot").values())).text == {
        "de": "Täglich – außer sonntags – für alle Gäste."
    }
    guessed = import_answers(table, tmp_path / "other", columns=columns, language="de")
    assert guessed.notes == ("Read as cp1252, by its looks; if letters are wrong, name the encoding.",)
    assert decode(text.encode("cp1252"), "faq.csv") == (text, "cp1252")
    with pytest.raises(SourceUnreadable, match="is not in utf-8"):
        import_answers(table, tmp_path / "bot", columns=columns, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "Question;Answer;Extra\nWhen?;9, to 5;x\n"),
        ("a.tsv", "Question\tAnswer\nWhen?\t9, to 5\n"),
        ("a.csv", "question|answer\nWhen?|9, to 5\n"),
        ("a.csv", '"Q","A"\r\n"When?","9, to 5"\r\n'),
        ("a.csv", ' Questions : ,Answers\nWhen?,"9, to 5"\n'),
        ("a.json", '[{"question": "When?", "answer": "9, to 5"}]'),
        ("a.json", '{"version": 2, "faqs": [{"questions": ["When?"], "response": ["9, to 5"]}]}'),
        ("a.jsonl", '{"query": "When?", "answer": "9, to 5"}\n\nnot json\n[1]\n'),
    ],
)
def test_many_shapes_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    report = import_answers(source(tmp_path, text, name), tmp_path / "bot")
    (answer,) = answers(tmp_path / "bot").values()
    assert (answer.questions, answer.text) == ({"en": ("When?",)}, {"en": "9, to 5"})
    assert len(report.refused) == (2 if name.endswith("l") else 0)


def test_a_table_without_header_names_columns_by_number(tmp_path: Path) -> None:
    report = import_answers(
        source(tmp_path, "9 to 5,When?\nHere,Where?\n"),
        tmp_path / "bot",
        columns={"question": "2", "answer": "1"},
    )
    assert report.taken == 2


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "foo,bar\n1,2\n", "has no column for the question. Name it: --columns question=…,answer=…"),
        ("a.csv", "question,bar\n1,2\n", "has no column for the answer"),
        ("a.csv", "", "holds no rows"),
        ("a.csv", "question,answer\n", "holds no rows"),
        ("a.json", "[1", "this is no JSON"),
        ("a.json", "3", "holds no list"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(SourceUnreadable) as caught:
        import_answers(source(tmp_path, text, name), tmp_path / "bot")
    assert words in caught.value.message
    assert not (tmp_path / "bot").exists()


def test_wrong_wishes_are_told(tmp_path: Path) -> None:
    table = source(tmp_path, HEAD + "When?,Now\n")
    with pytest.raises(SourceUnreadable, match="no column kind `queston`"):
        import_answers(table, tmp_path / "bot", columns={"queston": "question"})
    with pytest.raises(SourceUnreadable, match="has no column `Frage`"):
        import_answers(table, tmp_path / "bot", columns={"question": "Frage"})
    with pytest.raises(SourceUnreadable, match="cannot be read"):
        import_answers(tmp_path / "none.csv", tmp_path / "bot")
    nothing = import_answers(table, tmp_path / "bot", language="zh")
    assert (nothing.file, nothing.other_language) == (None, 1)
    assert not (tmp_path / "bot").exists()


def test_a_broken_answers_file_stops_the_import(tmp_path: Path) -> None:
    (tmp_path / "bot" / "answers").mkdir(parents=True)
    (tmp_path / "bot" / "answers" / "mine.yml").write_text("answers: [", encoding="utf-8")
    with pytest.raises(ProjectError, match=r"answers/mine\.yml"):
        import_answers(source(tmp_path, HEAD + "When?,Now\n"), tmp_path / "bot")


def test_half_a_surrogate_pair_does_no_harm(tmp_path: Path) -> None:
    table = source(tmp_path, '[{"question": "a \\ud83d?", "answer": "b"}]', "a.json")
    assert import_answers(table, tmp_path / "bot").taken == 1


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain a < b and c > d", "plain a < b and c > d"),
        ("Tom &amp; Jerry&nbsp;&lt;3", "Tom & Jerry <3"),
        ("<p>One</p><p>Two<br>lines</p>", "One\n\nTwo\nlines"),
        ("<ul><li>a</li><li><b>b</b></li></ul>", "- a\n- b"),
        ('see <a href="https://x.org/y">here</a>', "see here (https://x.org/y)"),
        ('<a href="https://x.org">https://x.org</a>', "https://x.org"),
        ("<script>alert(1)</script><style>p{}</style>ok<p>", "ok"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
        ("use <placeholder> here", "use <placeholder> here"),
    ],
)
def test_html_is_flattened(html: str, text: str) -> None:
    assert flatten(html) == text


CELL = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5))
def test_what_is_written_reads_back(tmp_path: Path, pairs: list[tuple[str, str]]) -> None:
    kept = [(question.strip(), text.strip()) for question, text in pairs]
    many = [
        Answer(f"a_{n}", {"en": text}, {"en": (question,)}, vetted=bool(n % 2))
        for n, (question, text) in enumerate(kept)
        if question and text
    ]
    write_answers(tmp_path / "bot" / "answers" / "a.yml", many, comment="A test.")
    found = load_project(tmp_path / "bot").answers
    assert [template.answer for template in found] == many


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.tsv", "a.json", "a.jsonl"]))
def test_any_file_is_read_or_refused(tmp_path: Path, data: bytes, name: str) -> None:
    try:
        table = read_table(source(tmp_path, b"question,answer\n" + data, name))
    except SourceUnreadable:
        return
    assert all(row.line >= 1 for row in table.rows)
