"""A tiny base model and a small bilingual corpus for the tests that train bundles."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.training.tiny_bert import make_tiny_bert
from training.corpus import FORMAT

INTENTS = {
    "greet": ("hello", "hi", "hello please", "hi you", "hello hello", "hi hi"),
    "lost_card": (
        "my card is lost", "i lost my card", "card stolen", "where is my card", "my card is stolen",
        "lost card",
    ),
    "cancel": (
        "cancel my policy", "i want to cancel", "cancel the policy please", "cancel policy",
        "how do i cancel",
        "cancel it please",
    ),
    "out_of_scope": ("what is the moon", "sing a song", "who won the game", "tell a joke"),
}  # fmt: skip
ZH = {
    "greet": ("你好", "您好", "早上好", "嗨你好"),
    "lost_card": ("卡丢了", "我的卡丢了", "卡被偷了", "银行卡丢失"),
}
ANSWERS: tuple[dict[str, object], ...] = (
    {
        "id": "pay_premium",
        "text": {"en": "You pay the premium monthly.", "zh": "保费按月支付。"},
        "questions": {
            "en": ["how do i pay the premium", "pay premium", "can i pay with card", "when do i pay"],
            "zh": ["怎么交保费", "保费怎么付", "什么时候交保费", "可以按月交吗"],
        },
        "vetted": True,
    },
    {
        "id": "refund",
        "text": {"en": "A refund takes five days.", "zh": "退款需要五天。"},
        "questions": {
            "en": ["when do i get my refund", "refund money", "where is my refund", "how do i get money"],
            "zh": ["退款要多久", "什么时候退款", "退款到哪了", "钱什么时候退"],
        },
        "vetted": True,
    },
)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("base") / "tiny")


def write_small_corpus(folder: Path, *, intents: bool = True, answers: bool = True) -> None:
    rows = [(text, name, "en") for name, texts in INTENTS.items() for text in texts]
    rows += [(text, name, "zh") for name, texts in ZH.items() for text in texts]
    lines: list[dict[str, object]] = [
        {"text": t, "intent": i, "language": lang, "entities": [], "source": ""} for t, i, lang in rows
    ]
    span = {"entity": "document", "value": "policy", "start": 7, "end": 13}
    lines.append(
        {"text": "cancel papers now", "intent": "cancel", "language": "en", "entities": [span], "source": ""}
    )
    tables = {
        "synonyms": {"visa card": "card"},
        "lookups": {"product": ["visa card", "保单"]},
        "regexes": {"policy_number": [r"HL-\d{6}"]},
    }
    contents = {
        "intents.jsonl": _lines(lines) if intents else "",
        "entities.json": json.dumps(tables, ensure_ascii=False),
        "answers.jsonl": _lines(list(ANSWERS)) if answers else "",
        "dialogues.jsonl": "",
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_corpus_head(folder, project="small", languages=("en", "zh"), alpha=0.05)


def write_corpus_head(folder: Path, *, project: str, languages: tuple[str, ...], alpha: float) -> None:
    """Writes corpus.json last, over the files that lie in the folder."""
    files = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name != "corpus.json")
    head = {
        "format": FORMAT,
        "project": project,
        "languages": list(languages),
        "alpha": alpha,
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
    }
    (folder / "corpus.json").write_text(json.dumps(head, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
