"""Folders of documents and sites become answers; a second import updates them and spares people's work."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot.__main__ import run
from bot.dialogue.parse_data import parse_data_to_reading, reading_to_parse_data
from bot.dialogue.reading import Match, Reading, Verdict
from bot.documents.documents_import import import_documents
from bot.documents.sources import is_document_source
from bot.errors import SourceUnreadable
from bot.project.check import check_folder
from bot.project.load import load_project
from retrieval.answers import Answer, Source, answer_from_json
from tests.bot.documents.documents import pdf, write

RETURNS = "# Returns\n\nSend it back within 30 days.\n\n## Gift cards\n\nThey cannot be paid out.\n"


def answers(project: Path) -> dict[str, Answer]:
    return {template.id: template.answer for template in load_project(project, environ={}).answers}


def texts(project: Path) -> list[str]:
    return [answer.text["en"] for answer in answers(project).values()]


def test_a_folder_becomes_a_whole_bot(tmp_path: Path) -> None:
    write(tmp_path, "docs/returns.md", RETURNS)
    write(
        tmp_path,
        "docs/pay/cards.pdf",
        pdf([("Cards we take", 20, 760, "F1"), ("All but one of them.", 11, 730, "F1")]),
    )
    write(tmp_path, "docs/logo.png", b"\x89PNG")
    write(tmp_path, "docs/.git/notes.md", "# Hidden notes\n\nNobody should read these.\n")
    told: list[tuple[int, int, str]] = []
    report = import_documents(
        tmp_path / "docs", tmp_path / "bot", progress=lambda *progress: told.append(progress)
    )
    assert (report.documents, report.taken, report.languages) == (2, 3, ("en",))
    assert [(each.where, each.reason.split(";")[0]) for each in report.refused] == [
        ("1 file", "files that end in .png are not read")
    ]
    assert told == [(0, 2, "returns.md"), (1, 2, "pay/cards.pdf"), (2, 2, "")]
    found = list(answers(tmp_path / "bot").values())
    assert [str(answer.taken_from) for answer in found] == [
        "returns.md:3 (Returns)",
        "returns.md:7 (Returns > Gift cards)",
        "pay/cards.pdf#page=1 (Cards we take)",
    ]
    assert all(answer.vetted for answer in found)
    assert check_folder(tmp_path / "bot") == ()
    assert json.loads(json.dumps(report.to_json()))["taken"] == 3


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    source = write(tmp_path, "returns.md", RETURNS)
    first = import_documents(source, tmp_path / "bot")
    assert first.file is not None
    written = first.file.read_bytes()
    second = import_documents(source, tmp_path / "bot")
    assert (second.taken, second.updated, second.unchanged, second.absent) == (0, 0, 2, ())
    assert first.file.read_bytes() == written


def test_a_changed_passage_is_updated_and_one_that_is_gone_is_told(tmp_path: Path) -> None:
    source = write(tmp_path, "returns.md", RETURNS)
    import_documents(source, tmp_path / "bot")
    ids = list(answers(tmp_path / "bot"))
    write(tmp_path, "returns.md", "# Returns\n\n\nSend it back within 14 days.\n")
    report = import_documents(source, tmp_path / "bot")
    assert (report.taken, report.updated, report.absent) == (0, 1, (ids[1],))
    found = answers(tmp_path / "bot")
    assert list(found) == ids and found[ids[0]].text == {"en": "Send it back within 14 days."}
    assert found[ids[0]].taken_from == Source(
        "returns.md", ("Returns",), None, 4, _fingerprint(found[ids[0]])
    )


def _fingerprint(answer: Answer) -> str:
    assert answer.taken_from is not None
    return answer.taken_from.fingerprint


def test_what_people_edited_is_left_and_reported(tmp_path: Path) -> None:
    source = write(tmp_path, "returns.md", RETURNS)
    report = import_documents(source, tmp_path / "bot")
    assert report.file is not None
    mended = report.file.read_text(encoding="utf-8").replace("within 30 days", "within a month")
    mended = mended.replace("    - Gift cards\n", "    - can I cash in my voucher\n", 1)
    report.file.write_text(mended, encoding="utf-8")
    same = import_documents(source, tmp_path / "bot")
    assert [each.changed for each in same.edited] == [False] and same.unchanged == 1
    assert report.file.read_text(encoding="utf-8") == mended
    write(tmp_path, "returns.md", RETURNS.replace("30 days", "14 days"))
    changed = import_documents(source, tmp_path / "bot")
    assert [each.changed for each in changed.edited] == [True]
    assert report.file.read_text(encoding="utf-8") == mended


def test_parts_keep_their_questions_when_a_row_comes_before_them(tmp_path: Path) -> None:
    def table(*names: str) -> str:
        rows = "".join(f"|{name}|what {name} means, told at length {'and length ' * 14}|\n" for name in names)
        return f"# Words of the trade\n\n|word|meaning|\n|-|-|\n{rows}"

    source = write(tmp_path, "words.md", table("chargeback", "mandate"))
    import_documents(source, tmp_path / "bot")
    write(tmp_path, "words.md", table("acquirer", "chargeback", "mandate"))
    import_documents(source, tmp_path / "bot")
    for answer in answers(tmp_path / "bot").values():
        word = answer.text["en"].split(";")[0].removeprefix("word: ")
        assert any(question.endswith(word) for question in answer.questions["en"])


def test_what_says_the_same_is_one_answer(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.md", "# Returning shoes\n\nSend them back within 30 days!\n")
    write(tmp_path, "docs/b.md", "# Returning shirts\n\n**send them back**  within 30 days.\n")
    write(tmp_path, "docs/c.md", "# Returning books\n\nSend them back within 14 days.\n")
    report = import_documents(tmp_path / "docs", tmp_path / "bot")
    assert (report.taken, report.merged) == (2, 1)
    shoes = next(iter(answers(tmp_path / "bot").values()))
    assert shoes.questions == {"en": ("Returning shoes", "Returning shirts")}


def test_links_lead_nowhere_out_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "secret.md", "# Secret things\n\nNobody may read this.\n")
    write(tmp_path, "away/more.md", "# More secrets\n\nNobody may read this either.\n")
    write(tmp_path, "docs/returns.md", RETURNS)
    (tmp_path / "docs" / "link.md").symlink_to(tmp_path / "secret.md")
    (tmp_path / "docs" / "folder").symlink_to(tmp_path / "away")
    (tmp_path / "docs" / "again.md").symlink_to(tmp_path / "docs" / "returns.md")
    report = import_documents(tmp_path / "docs", tmp_path / "bot")
    assert {each.where for each in report.refused} == {"link.md", "folder"}
    assert all("out of the folder" in each.reason for each in report.refused)
    assert not any("Nobody" in text for text in texts(tmp_path / "bot")) and report.taken == 2


def page(heading: str) -> str:
    return f"<title>{heading}</title><h1>{heading}</h1><p>All there is to say about it.</p><p>{heading}.</p>"


def sitemap(*addresses: str, outer: str = "urlset", inner: str = "url") -> str:
    listed = "".join(f"<{inner}><loc>{address}</loc></{inner}>" for address in addresses)
    names = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0"?><{outer} xmlns="{names}">{listed}</{outer}>'


class TestSites:
    def test_the_pages_that_the_sitemap_names_are_taken(self, tmp_path: Path) -> None:
        site = tmp_path / "site"
        write(site, "index.html", page("Our shop"))
        write(site, "help/returns.html", page("Returning things"))
        write(site, "help/pay/index.html", page("Paying later"))
        write(site, "draft.html", page("A draft of ours"))
        addresses = ["", "help/returns", "help/pay/", "gone.html", "../outside.html", "%2e%2e/outside.html"]
        write(tmp_path, "outside.html", page("Out of the site"))
        write(
            site,
            "sitemap.xml",
            sitemap(*(f"https://example.org/{each}" for each in addresses), "http://evil.example/a"),
        )
        report = import_documents(site, tmp_path / "bot")
        files = {answer.taken_from.file for answer in answers(tmp_path / "bot").values() if answer.taken_from}
        assert files == {"index.html", "help/returns.html", "help/pay/index.html"}
        assert {each.where.rpartition("/")[2]: each.reason.split(";")[0] for each in report.refused} == {
            "gone.html": "the folder has no such file",
            "outside.html": "it leads out of the folder",
            "a": "it is of another site than the first address",
        }

    def test_a_folder_may_be_a_part_of_the_site(self, tmp_path: Path) -> None:
        write(tmp_path, "docs/a.html", page("Returning things"))
        write(tmp_path, "docs/b/index.html", page("Paying later"))
        write(
            tmp_path,
            "docs/sitemap.xml",
            sitemap("https://example.org/shop/docs/a.html", "https://example.org/shop/docs/b/"),
        )
        assert import_documents(tmp_path / "docs" / "sitemap.xml", tmp_path / "bot").documents == 2

    def test_a_sitemap_of_sitemaps_is_followed_within_the_folder(self, tmp_path: Path) -> None:
        write(tmp_path, "docs/a.html", page("Returning things"))
        index = sitemap(
            "https://example.org/part.xml",
            "https://example.org/sitemap.xml",
            outer="sitemapindex",
            inner="sitemap",
        )
        write(tmp_path, "docs/sitemap.xml", index)
        write(tmp_path, "docs/part.xml", sitemap("https://example.org/a.html"))
        assert import_documents(tmp_path / "docs", tmp_path / "bot").documents == 1

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (
                '<!DOCTYPE a [<!ENTITY x SYSTEM "a">]><urlset><url><loc>&x;</loc></url></urlset>',
                "without a DTD",
            ),
            ("<urlset><url>", "no sitemap that can be read"),
            (sitemap(), "names no page"),
            (sitemap("https://example.org/gone.html"), "holds no document"),
            (sitemap("https://example.org/more.xml", outer="sitemapindex", inner="sitemap"), "not beside it"),
        ],
    )
    def test_a_bad_sitemap_writes_nothing(self, text: str, says: str, tmp_path: Path) -> None:
        write(tmp_path, "docs/sitemap.xml", text)
        with pytest.raises(SourceUnreadable, match=says):
            import_documents(tmp_path / "docs", tmp_path / "bot")
        assert not (tmp_path / "bot").exists()


class TestLanguages:
    GERMAN = (
        "# Rückgabe\n\nSie können die Ware innerhalb von 30 Tagen zurücksenden. Die Kosten tragen wir, wenn "
        "das Paket mit dem Schein kommt und der Inhalt nicht beschädigt ist. Das gilt auch für Geschenke.\n"
    )

    def test_a_document_in_no_language_of_the_bot_is_refused(self, tmp_path: Path) -> None:
        write(tmp_path, "bot/config.yml", "language: en\n")
        write(tmp_path, "docs/returns.md", RETURNS)
        write(tmp_path, "docs/rueckgabe.md", self.GERMAN)
        write(tmp_path, "docs/tuihuo.md", "# 退货\n\n三十天内可以退货，运费由我们承担。\n")
        report = import_documents(tmp_path / "docs", tmp_path / "bot")
        assert {each.where: each.reason.split(",")[0] for each in report.refused} == {
            "rueckgabe.md": "it is in German (`de`)",
            "tuihuo.md": "it is in Chinese (`zh`)",
        }
        assert report.taken == 2

    def test_a_new_bot_speaks_what_its_documents_do(self, tmp_path: Path) -> None:
        write(tmp_path, "docs/returns.md", RETURNS)
        write(tmp_path, "docs/rueckgabe.md", self.GERMAN)
        report = import_documents(tmp_path / "docs", tmp_path / "bot")
        assert report.languages == ("de", "en")
        assert load_project(tmp_path / "bot", environ={}).settings.languages == ("en", "de")

    def test_one_language_alone(self, tmp_path: Path) -> None:
        write(tmp_path, "docs/returns.md", RETURNS)
        write(tmp_path, "docs/rueckgabe.md", self.GERMAN)
        report = import_documents(tmp_path / "docs", tmp_path / "bot", language="de")
        assert (report.documents, report.other_language, report.languages) == (1, 1, ("de",))


def test_bad_documents_do_not_keep_the_others_out(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.pdf", b"%PDF-nothing")
    write(tmp_path, "docs/returns.md", RETURNS)
    report = import_documents(tmp_path / "docs", tmp_path / "bot")
    assert report.taken == 2 and "broken" in report.refused[0].reason


def test_documents_tell_alike_headings_apart(tmp_path: Path) -> None:
    for name in ("shoes", "shirts/index"):
        write(
            tmp_path, f"docs/{name}.md", f"# Our terms\n\n## Returning things\n\nSend the {name[:5]} back.\n"
        )
    import_documents(tmp_path / "docs", tmp_path / "bot")
    asked = {answer.questions["en"] for answer in answers(tmp_path / "bot").values()}
    assert asked == {("shoes: Returning things",), ("shirts: Returning things",)}


def test_signs_that_nobody_sees_fall_out(tmp_path: Path) -> None:
    data = json.dumps({"@type": "FAQPage", "mainEntity": {"@type": "Question", "name": "Is cash taken?"}})
    data = data.replace(
        '"name"', '"acceptedAnswer": {"@type": "Answer", "text": "In the \\ud800shop."}, "name"'
    )
    head = f'<script type="application/ld+json">{data}</script>'
    text = f"{head}<h1>Re&shy;turning \x07things</h1><p>With&#8203;in 30 days.</p>"
    source = write(tmp_path, "docs/a.html", text)
    source.rename(os.fsdecode(os.fsencode(source.parent) + b"/\xff.html"))
    import_documents(source.parent, tmp_path / "bot")
    assert texts(tmp_path / "bot") == ["Within 30 days.", "In the shop."]


def test_which_folders_are_documents(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.md", RETURNS)
    write(tmp_path, "rasa/domain.yml", "version: '3.1'\n")
    write(tmp_path, "old/data/nlu.md", "## intent:greet\n- hi\n")
    write(tmp_path, "site/data/prices.html", page("Our prices"))
    told = [is_document_source(tmp_path / name) for name in ("docs", "rasa", "old", "site")]
    assert told == [True, False, False, True]
    assert not is_document_source(write(tmp_path, "faq.csv", "question,answer\n"))


def test_a_source_survives_the_bundles_file() -> None:
    answer = Answer("a", {"en": "Yes."}, taken_from=Source("a.pdf", ("A", "B"), page=3, fingerprint="0f"))
    assert answer_from_json(json.loads(json.dumps(answer.to_json()))) == answer


@pytest.mark.parametrize("place", ["", "a.pdf#page=3 (A > B)"])
def test_the_place_goes_on_record_with_a_match(place: str) -> None:
    match = Match("a", 0.9, "A?", "Yes.", "en", taken_from=place)
    told = reading_to_parse_data(Reading(verdicts=(Verdict("faq", 1.0),), matches=(match,)), "a?", "1")
    assert ("taken_from" in told["matches"][0]) == bool(place)
    read = parse_data_to_reading(json.loads(json.dumps(told)))
    assert read is not None and read.matches == (match,)


class TestCommandLine:
    def test_tells_what_was_done(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        write(tmp_path, "docs/returns.md", RETURNS + "\n## Old things\n\nNo.\n")
        assert run(["import", str(tmp_path / "docs"), str(tmp_path / "bot")]) == 0
        told = capsys.readouterr().out
        assert (
            "1 document read: 2 answers taken, 0 passages merged, 0 updated, 0 unchanged, 1 refused." in told
        )
        assert "returns.md:11: too short to answer anything" in told
        assert run(["import", str(tmp_path / "docs"), str(tmp_path / "bot"), "--json", "-"]) == 0
        assert json.loads(capsys.readouterr().out)["unchanged"] == 2

    @pytest.mark.parametrize(
        ("source", "option"),
        [("a.md", "--columns=question=Q"), ("a.csv", "--largest=3"), ("rasa", "--largest=3")],
    )
    def test_an_option_that_would_do_nothing_is_refused(
        self, source: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(tmp_path, "a.md", RETURNS)
        write(tmp_path, "a.csv", "question,answer\n")
        write(tmp_path, "rasa/domain.yml", "version: '3.1'\n")
        assert run(["import", str(tmp_path / source), str(tmp_path / "bot"), option]) == 2
        assert " is for " in capsys.readouterr().err

    def test_the_limit_can_be_raised(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = write(tmp_path, "a.md", RETURNS)
        path.write_bytes(RETURNS.encode() + b"\n" * 2 * 2**20)
        assert run(["import", str(path), str(tmp_path / "bot"), "--largest", "1"]) == 1
        assert "--largest 3" in capsys.readouterr().err
        assert run(["import", str(path), str(tmp_path / "bot"), "--largest", "3"]) == 0
