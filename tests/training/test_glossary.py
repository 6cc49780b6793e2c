"""The glossary that training writes: everyday readings of Chinese words, the same bytes each time."""

from pathlib import Path

import pytest

from retrieval.gloss import Glossary
from training.glossary import has_chinese, write_glossary


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("glossary") / "gloss.tsv"
    write_glossary(path)
    return path


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("申请贷款", "apply loan"),
        ("说", "speak"),  # not the rarer reading, to persuade
        ("听", "listen"),
        ("后", "back"),  # not the empress
        ("多少", "how much"),  # the reading with a neutral tone
        ("老公", "husband"),
        ("没", "not"),
        ("保单", "policy"),
    ],
)
def test_words_are_read_as_customers_mean_them(written: Path, text: str, english: str) -> None:
    read = Glossary.load(written).read(text)
    assert all(word in read for word in english.split()), read


def test_measure_words_and_particles_vanish(written: Path) -> None:
    assert Glossary.load(written).read("我想做个理赔吧").split()[-3:] == ["settle", "a", "claim"]
    assert "individual" not in Glossary.load(written).read("一个")


def test_the_same_packages_give_the_same_bytes_with_their_licence(written: Path, tmp_path: Path) -> None:
    write_glossary(tmp_path / "again.tsv")
    assert (tmp_path / "again.tsv").read_bytes() == written.read_bytes()
    assert "CC BY-SA 4.0" in written.read_text(encoding="utf-8").splitlines()[0]


def test_only_chinese_asks_for_a_glossary() -> None:
    assert has_chinese(["hello", "你好"]) and not has_chinese(["hello", "héllo", ""])
