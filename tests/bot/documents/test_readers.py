"""Documents of every kind become passages under their headings, and what is no document is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.documents.block import Document
from bot.documents.chunks import LONGEST
from bot.documents.documents_import import import_documents
from bot.documents.html_blocks import read_html
from bot.documents.markdown_blocks import read_markdown
from bot.documents.passages import Passage, passages
from bot.documents.readers import read_document
from bot.documents.spoken import spoken_language
from bot.errors import SourceUnreadable
from tests.bot.documents.documents import cut, left_out, locked, pdf, save, write

HANDBOOK = """---
title: Handbook
---
# Returns

You may send things back within 30 days.

## Gift cards

Gift cards [cannot](rules.md) be paid out, see [the law](https://example.org/law).

- They last three years.
- They may be
  passed on.

| card | valid |
|------|-------|
| paper | 3 years |
| plastic | 5 years |

## How long does a refund take?

Five days at most.
"""


class TestMarkdown:
    def test_each_heading_has_its_passage_with_its_line(self, tmp_path: Path) -> None:
        found = cut(tmp_path, "handbook.md", HANDBOOK)
        assert [(each.headings, each.line) for each in found] == [
            (("Returns",), 6),
            (("Returns", "Gift cards"), 10),
            (("Returns", "How long does a refund take?"), 23),
        ]
        assert found[1].questions[:2] == ("Gift cards", "Returns: Gift cards")
        assert found[2].questions == ("How long does a refund take?",)

    def test_items_links_and_rows_are_told_in_words(self, tmp_path: Path) -> None:
        text = cut(tmp_path, "handbook.md", HANDBOOK)[1].text
        assert text == (
            "Gift cards cannot be paid out, see the law (https://example.org/law).\n\n"
            "- They last three years.\n- They may be passed on.\n\n"
            "card: paper; valid: 3 years\ncard: plastic; valid: 5 years"
        )

    def test_a_heading_that_says_nothing_alone_is_asked_for_with_those_above(self, tmp_path: Path) -> None:
        found = cut(
            tmp_path,
            "a.md",
            "# Parcel insurance\n\n## Why\n\nBecause things break.\n\n## Costs\n\nTwo euros each.\n",
        )
        assert [each.questions for each in found] == [
            ("Parcel insurance: Why",),
            ("Parcel insurance: Costs", "Costs"),
        ]

    def test_code_keeps_its_lines_and_images_fall_away(self, tmp_path: Path) -> None:
        found = cut(
            tmp_path, "a.md", "# Set up\n\n![shot](a.png) Type this:\n\n```sh\nmake\n  make run\n```\n"
        )
        assert found[0].text == "Type this:\n\nmake\n  make run"

    def test_questions_in_html_within_it_are_found(self, tmp_path: Path) -> None:
        text = (
            "# FAQ\n\n<details>\n<summary>May I pay later?</summary>\n\nYes, within *14* days.\n\n"
            "</details>\n\nWrite to us at any time.\n"
        )
        found = cut(tmp_path, "a.md", text)
        assert [(each.questions, each.text) for each in found] == [
            (("May I pay later?",), "Yes, within 14 days."),
            (("FAQ",), "Write to us at any time."),
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "Q: May I pay later?\nA: Yes, you may.",
            "**Q:** May I pay later?\n\n**A:** Yes, you may.",
            "### Q1: May I pay later?\n\nA: Yes, you may.",
            "Frage: May I pay later?\n\nAntwort: Yes, you may.",
            "**May I pay later?**\n\nYes, you may.",
        ],
    )
    def test_marked_questions_are_taken_as_such(self, text: str, tmp_path: Path) -> None:
        found = cut(tmp_path, "a.md", f"# Paying\n\n{text}\n")
        assert [(each.questions, each.text) for each in found] == [(("May I pay later?",), "Yes, you may.")]

    def test_a_questions_mark_without_an_answer_is_a_text_like_any_other(self, tmp_path: Path) -> None:
        found = cut(
            tmp_path, "a.md", "# Quarters\n\nQ: the third quarter of the year went well for all of us.\n"
        )
        assert found[0].text.startswith("Q: the third")


class TestCutting:
    def test_a_long_text_is_cut_between_sentences(self, tmp_path: Path) -> None:
        sentences = [
            f"Sentence {number} tells of Dr. Smith and e.g. of his {'long ' * 10}day." for number in range(60)
        ]
        found = cut(tmp_path, "a.md", "# Days of work\n\n" + " ".join(sentences))
        assert len(found) > 2 and all(len(each.text) <= LONGEST for each in found)
        assert " ".join(each.text for each in found).split() == " ".join(sentences).split()
        assert all(each.text.startswith("Sentence") and each.text.endswith("day.") for each in found)
        assert len({each.questions[0] for each in found}) == len(found)

    def test_items_and_rows_stay_whole_and_what_introduces_them_stays_with_them(self, tmp_path: Path) -> None:
        first = "A word before. " * 70
        items = "\n".join(f"- Item {number} {'word ' * 30}end." for number in range(20))
        found = cut(tmp_path, "a.md", f"# Things to bring\n\n{first}\n\nBring these along:\n\n{items}\n")
        assert all(len(each.text) <= LONGEST for each in found)
        assert found[1].text.startswith("Bring these along:\n\n- Item 0")
        lines = [line for each in found for line in each.text.split("\n") if line.startswith("- ")]
        assert len(lines) == 20 and all(line.endswith("end.") for line in lines)

    def test_what_cannot_be_cut_is_left_out_with_its_place(self, tmp_path: Path) -> None:
        found = left_out(tmp_path, "a.md", f"# Long words\n\n{'and on ' * 300}\n\n- {'item. ' * 300}\n")
        assert [(each.line, each.reason.split(" of ")[0]) for each in found] == [
            (3, "a sentence"),
            (5, "a list item"),
        ]

    def test_a_tables_rows_can_be_asked_for(self, tmp_path: Path) -> None:
        found = cut(tmp_path, "a.md", "# Shipping prices\n\n|to|price|\n|-|-|\n|France|9 €|\n|Spain|12 €|\n")
        assert "Shipping prices: Spain" in found[0].questions

    @given(
        st.lists(
            st.one_of(
                st.text(st.characters(codec="utf-8"), max_size=3000),
                st.sampled_from(
                    [
                        "# A",
                        "\n- x",
                        "\n\n",
                        "|a|b|\n|-|-|\n|1|2|\n",
                        "```",
                        "<table><td>",
                        "</li>",
                        "<dl><dt>q",
                        "Q: a A: b",
                    ]
                ),
            ),
            max_size=12,
        )
    )
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    def test_whatever_is_written_no_passage_is_too_long(self, pieces: list[str]) -> None:
        text = "\n".join(pieces)
        for read in (read_markdown, read_html):
            document = read(text, "a")
            named = Document("a", document.title or "a", document.blocks)
            found = [each for each in passages(named) if isinstance(each, Passage)]
            assert all(0 < len(each.text) <= LONGEST and all(each.questions) for each in found)


PAGE = """<!doctype html><html><head><title>Paying | The Shop</title><script>steal()</script>
<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
{"@type": "FAQPage", "mainEntity": [
{"@type": "Question", "name": "Is cash taken?",
"acceptedAnswer": {"@type": "Answer", "text": "<p>In the <b>shop</b> alone.</p>"}},
{"@type": "Question", "name": "May I pay later?",
"acceptedAnswer": {"@type": "Answer", "text": "Shown below."}}]}]}</script></head>
<body><nav><a href="/">Home</a></nav><main>
<p>All cards are welcome here.<script>alert(1)</script></p>
<p style="display: none">Nobody sees this text.</p><!-- nor this -->
<h2>May I pay later?<a class="headerlink" href="#x">¶</a></h2><p>Within 14 days<br>of the day of sale.</p>
<dl><dt>What is a mandate?</dt><dd>Your word that we may debit.</dd>
<dt>What is a chargeback?</dt><dd>Money <em>back</em>.</dd></dl>
<ul><li><a href="#top">Back to top of the page</a></li></ul>
<table><tr><th>Card<th>Fee<tr><td>Visa<td>none<tr><td>Amex<td>1 %</table>
</main><footer>Imprint and so on</footer></body></html>"""


class TestHtml:
    def test_a_page_without_its_scripts_and_surroundings(self, tmp_path: Path) -> None:
        found = {each.questions[0]: each.text for each in cut(tmp_path, "pay.html", PAGE)}
        told = "\n".join([*found, *found.values()])
        for never in (
            "steal",
            "alert",
            "Nobody",
            "nor this",
            "Imprint",
            "Home",
            "¶",
            "Back to top",
            "Shown below",
        ):
            assert never not in told
        assert found["May I pay later?"] == "Within 14 days\nof the day of sale."
        assert found["What is a chargeback?"] == "Money back."
        assert found["Is cash taken?"] == "In the shop alone."
        assert "Card: Amex; Fee: 1 %" in told

    def test_a_page_tells_its_encoding(self, tmp_path: Path) -> None:
        page = "<meta charset='iso-8859-2'><h1>Płatność kartą</h1><p>Zapłać kartą w każdym sklepie.</p>"
        assert cut(tmp_path, "a.html", page.encode("iso-8859-2"))[0].text == "Zapłać kartą w każdym sklepie."

    def test_deep_nesting_ends_no_process(self, tmp_path: Path) -> None:
        page = "<p>Words that are to be found here.</p>" + "<div>" * 50_000 + "deep" + "</div>" * 50_000
        assert "Words" in cut(tmp_path, "a.html", page)[0].text

    def test_steps_keep_their_numbers(self, tmp_path: Path) -> None:
        page = (
            "<h1>Reset a password</h1><ol><li>Open<ul><li>the app</li></ul></li>"
            "<li><p>Press</p><p>Reset</p></li></ol>"
        )
        assert cut(tmp_path, "a.html", page)[0].text == "1. Open\n  - the app\n2. Press\n   Reset"


class TestDocx:
    def test_headings_lists_and_tables(self, tmp_path: Path) -> None:
        document = docx.Document()
        document.add_heading("Handbook", 0)
        document.add_heading("Sick leave", 1)
        document.add_paragraph("Call us before nine.")
        document.add_paragraph("the name", style="List Bullet")
        document.add_paragraph("first", style="List Number")
        document.add_paragraph("second", style="List Number")
        table = document.add_table(rows=2, cols=2)
        for cell, words in zip(
            [*table.rows[0].cells, *table.rows[1].cells], ["Day", "Pay", "Monday", "full"], strict=True
        ):
            cell.text = words
        document.add_paragraph().add_run("Whom do I call?").bold = True
        document.add_paragraph("The desk on the ground floor.")
        found = cut(tmp_path, "book.docx", save(document))
        assert [(each.headings, each.text) for each in found] == [
            (
                ("Handbook", "Sick leave"),
                "Call us before nine.\n\n- the name\n1. first\n2. second\n\nDay: Monday; Pay: full",
            ),
            (("Handbook", "Sick leave", "Whom do I call?"), "The desk on the ground floor."),
        ]

    def test_deleted_and_hidden_words_are_not_taken(self, tmp_path: Path) -> None:
        document = docx.Document()
        document.add_heading("Prices of parcels", 1)
        paragraph = document.add_paragraph("A parcel costs ")
        for mark, words in (("w:del", "five "), ("w:ins", "six ")):
            run = paragraph.add_run(words)
            change = OxmlElement(mark)
            run._r.addprevious(change)
            change.append(run._r)
        paragraph.add_run("secret").font.hidden = True
        paragraph.add_run("euros.")
        assert cut(tmp_path, "a.docx", save(document))[0].text == "A parcel costs six euros."


class TestPdf:
    def test_headings_by_size_paragraphs_by_distance_and_pages(self, tmp_path: Path) -> None:
        pages = [
            [
                ("The Shop", 8, 820, "F1"),
                ("Returning things", 20, 760, "F1"),
                ("Send it back within 30 days with the infor-", 11, 730, "F1"),
                ("mation that came in the box.", 11, 716, "F1"),
                ("Cost of sending", 11, 680, "F2"),
                ("It is free of charge", 11, 660, "F1"),
                ("1", 8, 30, "F1"),
            ],
            [
                ("The Shop", 8, 820, "F1"),
                ("in all of Europe.", 11, 790, "F1"),
                ("• with the label", 11, 776, "F1"),
                ("• with the form", 11, 762, "F1"),
                ("2", 8, 30, "F1"),
            ],
            [
                ("The Shop", 8, 820, "F1"),
                ("Gift cards for all", 20, 760, "F1"),
                ("They last three years.", 11, 730, "F1"),
                ("3", 8, 30, "F1"),
            ],
        ]
        found = cut(tmp_path, "a.pdf", pdf(*pages))
        assert [(each.headings, each.page, each.text) for each in found] == [
            (
                ("Returning things",),
                1,
                "Send it back within 30 days with the information that came in the box.",
            ),
            (
                ("Returning things", "Cost of sending"),
                1,
                "It is free of charge in all of Europe.\n\n- with the label\n- with the form",
            ),
            (("Gift cards for all",), 3, "They last three years."),
        ]

    def test_long_clauses_are_cut_and_tables_of_contents_left_out(self, tmp_path: Path) -> None:
        lines = [("Terms of trade", 20, 800, "F1"), ("Payment . . . . . . . . 12", 11, 780, "F1")]
        lines += [
            (f"{'7. ' * (not n)}We are bound by sentence {n}.", 11, 750 - 12 * n, "F1") for n in range(50)
        ]
        found = cut(tmp_path, "a.pdf", pdf(lines))
        assert len(found) == 2 and all(len(each.text) <= LONGEST for each in found)
        assert found[0].text.startswith("7. We are bound by sentence 0.") and found[1].text.endswith("49.")

    def test_one_that_only_its_owner_may_change_is_read(self, tmp_path: Path) -> None:
        page = pdf([("Things to know about paying.", 11, 700, "F1")])
        assert cut(tmp_path, "paying cards.pdf", locked(page, "owner"))[0].questions == ("paying cards",)


def bomb() -> bytes:
    out = io.BytesIO(save(docx.Document()))
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/media/a.bin", "w") as part,
    ):
        for _ in range(120):
            part.write(bytes(2**20))
    return out.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "locked.pdf": (lambda: locked(pdf([("Secret", 11, 700, "F1")]), "o", reading="r"), "has a password"),
    "scan.pdf": (lambda: pdf([]), "holds no text: pictures alone"),
    "broken.pdf": (lambda: b"%PDF-1.4\nnothing of the kind", "no PDF, or broken"),
    "text.pdf": (lambda: b"words", "no PDF, or broken"),
    "bomb.docx": (bomb, "MiB, above 100 MiB"),
    "broken.docx": (lambda: save(docx.Document())[:-200], "no Word document, or broken"),
    "other.docx": (lambda: b"PK\x05\x06" + bytes(18), "no Word document, or broken"),
    "old.docx": (lambda: b"\xd0\xcf\x11\xe0" + bytes(600), "has a password"),
    "empty.md": (lambda: b"", "holds no text"),
    "pdf.html": (lambda: pdf([]), "binary data"),
    "only.html": (lambda: b"<script>alert(1)</script>", "holds no text"),
    "sheet.xlsx": (lambda: b"PK", "save it as PDF. Markdown (.md)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_files_are_refused_with_what_helps(name: str, tmp_path: Path) -> None:
    make, reason = REFUSED[name]
    path = write(tmp_path, name, make())
    with pytest.raises(SourceUnreadable) as error:
        read_document(path, name)
    assert name in error.value.message and reason in error.value.message
    with pytest.raises(SourceUnreadable):
        import_documents(path, tmp_path / "bot")
    assert not (tmp_path / "bot").exists()


def test_a_file_above_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.pdf"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    with pytest.raises(SourceUnreadable, match=r"has 200 MiB, above 50\..*--largest 200"):
        read_document(path, "large.pdf")


@given(st.binary(max_size=400), st.sampled_from([".pdf", ".docx", ".html", ".md"]), st.integers(0, 2000))
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, noise: bytes, ending: str, at: int) -> None:
    whole = {".pdf": pdf([("Some words here", 11, 700, "F1")]), ".docx": save(docx.Document())}.get(
        ending, PAGE.encode()
    )
    path = write(tmp_path, f"a{ending}", whole[:at] + noise + whole[at + len(noise) :])
    try:
        read_document(path, path.name)
    except SourceUnreadable as error:
        assert path.name in error.message


@pytest.mark.parametrize(
    ("text", "languages", "told"),
    [
        (
            "Sie können die Ware innerhalb von 30 Tagen zurücksenden. Die Kosten tragen "
            "wir, wenn das Paket mit dem Schein kommt und der Inhalt nicht beschädigt ist.",
            ("en",),
            "de",
        ),
        (
            "You may return the goods within 30 days, and we pay for it. Die Bahn and der Zug.",
            ("en", "de"),
            "en",
        ),
        ("三十天内可以退货。", ("en", "zh-CN"), "zh-CN"),
        ("Returns", ("en",), "en"),
        ("These are all: " + "E0001 O-2 é3 " * 20, ("en",), "en"),
    ],
)
def test_the_language_of_a_document_is_told(text: str, languages: tuple[str, ...], told: str) -> None:
    assert spoken_language(text, languages) == told
