"""Tunes in this process, or in one process a GPU where there are several.

Knows torchrun and a folder through which the job goes out and the weights come back. `python -m
training.tuning_processes FOLDER`, under torchrun, is one of the processes.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState
from safetensors.torch import load_model, save_model

from training.augment import Augmentation
from training.errors import TrainingError
from training.export import SentenceModel, load_sentence_model
from training.tuning import TuneJob, TuneRecipe, tune

Progress = Callable[[int, int], None]
_JOB, _ARRAYS, _WEIGHTS = "job.json", "rows.npz", "tuned.safetensors"


def tune_everywhere(job: TuneJob, device: str, progress: Progress) -> SentenceModel:
    """The tuned encoder. Several GPUs share the work, where there is a batch for each."""
    batches = int(len(job.texts) * (1 - job.recipe.watch)) // job.recipe.batch
    processes = min(torch.cuda.device_count(), batches) if device == "cuda" else 1
    return tune(job, device, progress) if processes < 2 else tune_in(processes, job, device, progress)


def tune_in(processes: int, job: TuneJob, device: str, progress: Progress) -> SentenceModel:
    """The encoder tuned by so many processes, each on its share of every epoch. Raises TrainingError."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _write(job, folder)
        command = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        command += ["-m", "training.tuning_processes", str(folder), device]
        with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as launched:
            assert launched.stdout is not None
            for line in launched.stdout:
                done, _, total = line.strip().partition("/")
                if done.isdigit() and total.isdigit():
                    progress(int(done), int(total))
        if launched.returncode != 0:
            raise TrainingError(
                f"Tuning in {processes} processes failed (exit {launched.returncode}); what they wrote above "
                "says why. CUDA_VISIBLE_DEVICES=0 tunes on one GPU."
            )
        model = load_sentence_model(job.base)
        load_model(model, folder / _WEIGHTS)
        return model.eval()


def _write(job: TuneJob, folder: Path) -> None:
    np.savez(folder / _ARRAYS, groups=job.groups, originals=job.originals)
    told = {
        "texts": job.texts,
        "base": str(job.base),
        "gloss": str(job.gloss),
        "recipe": asdict(job.recipe),
        "augment": asdict(job.augment),
        "synonyms": job.synonyms,
        "seed": job.seed,
    }
    (folder / _JOB).write_text(json.dumps(told), encoding="utf-8")


def _read(folder: Path) -> TuneJob:
    told = json.loads((folder / _JOB).read_text(encoding="utf-8"))
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        groups, originals = arrays["groups"], arrays["originals"]
    return TuneJob(
        texts=tuple(told["texts"]),
        groups=groups,
        originals=originals,
        base=Path(told["base"]),
        gloss=Path(told["gloss"]),
        recipe=TuneRecipe(**told["recipe"]),
        augment=Augmentation(**told["augment"]),
        synonyms=tuple(tuple(row) for row in told["synonyms"]),
        seed=told["seed"],
    )


def _one_of_several(folder: Path, device: str) -> None:
    first = PartialState(cpu=device == "cpu").is_main_process

    def progress(done: int, total: int) -> None:
        if first:
            sys.stdout.write(f"{done}/{total}\n")
            sys.stdout.flush()

    model = tune(_read(folder), device, progress)
    if first:
        save_model(model, str(folder / _WEIGHTS))


if __name__ == "__main__":
    torch.set_num_threads(1)
    _one_of_several(Path(sys.argv[1]), sys.argv[2])
