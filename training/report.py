"""The report of `frontdesk evaluate intents --report DIR`: one HTML page that needs no script and no network.

Knows what stands on the page and in which order; figures, tables and charts are made elsewhere.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from training.errors import ReportUnwritable
from training.intent_figures import ERROR
from training.measured import Measured
from training.report_charts import matrix, per_cent, reliability, risk_coverage, scopes
from training.report_tables import confused_pairs, confusion, lines, shown, strays_let_in, surest_mistakes

PAGE = "intents.html"
Interval = tuple[float, float]


def _breakable(name: str) -> Markup:
    """A name that may break after what joins its words."""
    return Markup(re.sub(r"([_/.+])", r"\1<wbr>", str(escape(name))))


_ENVIRONMENT = Environment(
    loader=PackageLoader("training", ""),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {"breakable": _breakable, "per_cent": per_cent}


@dataclass(frozen=True, slots=True)
class Tile:
    """One summary figure: its value as it is read, the interval under it, and what it means."""

    name: str
    value: str
    interval: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A text of the training rows that bears several labels."""

    text: str
    labels: tuple[str, ...]


def write_report(
    folder: Path,
    rows: Measured,
    figures: Mapping[str, Any],
    *,
    refused_from: float,
    clashes: Sequence[Mapping[str, Any]],
    making: Mapping[str, str],
) -> Path:
    """Writes the page into the folder and gives its path. `making` says how the figures came about, line by
    line; a score above `refused_from` means out of scope. Raises ReportUnwritable.
    """
    page = _page(rows, refused_from, figures, clashes, making)
    path = prepare(folder) / PAGE
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error
    return path


def prepare(folder: Path) -> Path:
    """Makes the folder where it is missing, so that minutes of training do not end in a folder that cannot
    be. Raises ReportUnwritable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def _unwritable(folder: Path, error: OSError) -> ReportUnwritable:
    why = error.strerror or type(error).__name__
    return ReportUnwritable(
        f"The report cannot be written to {folder} ({why}); give --report another folder."
    )


def _page(
    rows: Measured,
    refused_from: float,
    figures: Mapping[str, Any],
    clashes: Sequence[Mapping[str, Any]],
    making: Mapping[str, str],
) -> str:
    right, confidence = rows.right[rows.inside], rows.confidence[rows.inside]
    found = confusion(rows)
    strange = None
    if not rows.inside.all():
        inside, outside = rows.strangeness[rows.inside], rows.strangeness[~rows.inside]
        strange = scopes(inside, outside, threshold=refused_from)
    return _ENVIRONMENT.get_template("report.html").render(
        making=making,
        tiles=_tiles(figures, refusal=strange is not None),
        alone=figures["acted_on_alone"],
        alone_ranges=figures["intervals"],
        unknown=figures["unknown_labels"],
        rows=rows,
        reliability=reliability(confidence, right),
        risk=risk_coverage(
            confidence,
            right,
            threshold=figures["acted_on_alone"]["threshold"],
            error=ERROR,
            coverage=figures["coverage_at_2pct_error"],
        ),
        strange=strange,
        confusion=found,
        matrix=matrix(found) if len(found.names) else None,
        pairs=confused_pairs(rows),
        mistakes=surest_mistakes(rows),
        strays=strays_let_in(rows),
        lines=lines(rows),
        clashes=[Contradiction(shown(str(clash["text"])), tuple(clash["labels"])) for clash in clashes],
    )


def _tiles(figures: Mapping[str, Any], *, refusal: bool) -> list[Tile]:
    intervals: Mapping[str, Interval] = figures["intervals"]

    def share(key: str, name: str, meaning: str) -> Tile:
        low, high = intervals[key]
        return Tile(name, per_cent(figures[key]), f"{per_cent(low)} – {per_cent(high)}", meaning)

    def number(key: str, name: str, meaning: str) -> Tile:
        low, high = intervals[key]
        return Tile(name, f"{figures[key]:.3f}", f"{low:.3f} – {high:.3f}", meaning)

    perfect = intervals["ece_if_perfect"]
    tiles = [
        share("accuracy", "accuracy", "messages in scope whose likeliest intent is right"),
        number("macro_f1", "macro F1", "mean over the intents, each counting the same"),
        number("ece", "calibration error",
               f"ECE; exact probabilities would show {perfect[0]:.3f} – {perfect[1]:.3f} here"),
        share("coverage_at_2pct_error", "coverage at 2 % error",
              "share of the surest messages among which 2 % are wrong"),
        number("aurc", "AURC", "mean error over all coverages, 0 is best"),
        share("in_scope_accuracy_with_rejection", "accepted and right", "of the messages in scope"),
    ]  # fmt: skip
    if refusal:
        tiles += [
            share("oos_recall", "strays refused", "out-of-scope messages that were refused"),
            share("oos_precision", "refused rightly", "refused messages that are out of scope"),
            number("auroc", "AUROC", "a stray scores above a message in scope so often"),
        ]
    return tiles
