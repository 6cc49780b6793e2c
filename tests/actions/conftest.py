"""A registry of real bundles, small ones, and the real action server in a child process."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from nlu.artifacts import Bundle, BundleDetails, BundleWriter, promote
from retrieval.encoder import Encoder
from tests.actions.http import Answer, call
from training.base import DEFAULT, find_base
from training.export import export_encoder, load_sentence_model
from training.risk import fit_risk
from training.synthetic_loans import make_loans
from training.synthetic_symptoms import make_complaints
from training.triage import Encoded, fit_triage


@dataclass(frozen=True, slots=True)
class Server:
    """A running action server: where it listens and what it logs."""

    url: str
    log: Path

    def run(self, action: str, slots: dict[str, Any], **tracker: Any) -> Answer:
        """Calls an action as Rasa does."""
        state = {"sender_id": "u1", "slots": slots, "events": [], **tracker}
        return self.post({"next_action": action, "tracker": state, "domain": {}, "version": "3.21.1"})

    def validate(self, form: str, slot: str, value: Any) -> Answer:
        """Has one answer to a form checked, as Rasa's form does."""
        state = {"sender_id": "u1", "slots": {}, "events": [{"event": "slot", "name": slot, "value": value}]}
        domain = {"forms": {form: {"required_slots": [slot]}}}
        return self.post({"next_action": f"validate_{form}", "tracker": state, "domain": domain})

    def post(self, body: Any, **headers: str) -> Answer:
        """Posts a body, as JSON unless it is bytes, to the webhook."""
        return call(f"{self.url}/webhook", body, headers)


def details() -> BundleDetails:
    return BundleDetails(languages=("en", "zh"), base=DEFAULT, data_sha256="0" * 64, recipe={}, metrics={})


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def full(registry: Path) -> Bundle:
    """A bundle with both models, small but real, and promoted."""
    torch.set_num_threads(1)
    writer, base = BundleWriter(registry), find_base(DEFAULT)
    export_encoder(load_sentence_model(base), base, writer.part("encoder"), name=DEFAULT)
    encoder = Encoder.load(writer.folder / "encoder")
    fit_risk(make_loans(4000, seed=1)).save(writer.part("risk"))
    sets = []
    for rows, ways in ((500, (0, 1)), (160, (2,))):
        complaints = make_complaints(rows, seed=1, ways=ways, fresh_templates=False)
        sets.append(Encoded(complaints, encoder.encode([c.text for c in complaints])))
    fit_triage(sets[0], sets[1], seed=1)[0].save(writer.part("medical"))
    return promote(registry, writer.finish(details()).id)


@pytest.fixture(scope="session")
def server(registry: Path, full: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`python -m actions` with the registry's champion."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "server.log"
    command = [sys.executable, "-m", "actions", "--port", str(port), "--bundle", str(registry)]
    with log.open("wb") as sink:
        child = subprocess.Popen(
            command, stdout=sink, stderr=sink, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, child, log)
        yield Server(url, log)
    finally:
        child.terminate()
        child.wait(timeout=20)


def _wait(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if child.poll() is not None:
            break
        try:
            if call(f"{url}/health").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"The action server did not start: {log.read_text()}")
