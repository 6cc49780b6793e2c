"""The charts of the report, as SVG that takes the page's own colours and letters, in the light and the dark.

Knows arrays and matplotlib; knows no page. Text stays text, so a chart can be searched and read aloud.
"""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import matplotlib
import numpy as np
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.report_tables import Confusion
from training.scoring import risk_by_coverage, wilson

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

UNITS_AN_INCH = 72  # one unit of the SVG is one pixel of the page
BINS = 15
CURVE_POINTS = 200
CELL, LETTER = 22, 6.2  # pixels of a cell of the matrix, and of a letter beside it
LONGEST_NAME = 36
# Stand-ins for the page's colours, which only the browser knows.
INK, MUTED, LINE, ONE, TWO, PAPER = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
_NAMES = {INK: "ink", MUTED: "muted", LINE: "line", ONE: "one", TWO: "two", PAPER: "paper"}
_STYLE: dict[Any, Any] = {  # matplotlib types each key by itself
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 12,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "text.parse_math": False,
}


def reliability(confidence: Floats, right: Bools) -> Markup:
    """How often the bot is right where it is so sure, and how often it is so sure."""

    def draw(figure: Figure) -> None:
        figure.set_layout_engine("constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        places = np.minimum((confidence * BINS).astype(int), BINS - 1)
        upper.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--", label="perfect")
        for place in np.unique(places):
            inside = places == place
            hits, rows = int(right[inside].sum()), int(inside.sum())
            low, high = wilson(hits, rows)
            x = float(confidence[inside].mean())
            upper.plot([x, x], [low, high], color=ONE, linewidth=1.5, alpha=0.55)
            upper.plot([x], [hits / rows], "o", color=ONE, markersize=6)
        upper.plot([], [], "o", color=ONE, label="measured, with 95 % interval")
        upper.set(ylim=(-0.02, 1.02), ylabel="share right")
        upper.legend(loc="upper left")
        shares = np.bincount(places, minlength=BINS) / len(places)
        lower.bar((np.arange(BINS) + 0.5) / BINS, shares, width=0.9 / BINS, color=ONE, alpha=0.6)
        lower.set(xlim=(0, 1), xlabel="confidence", ylabel="messages", yticks=[0, 1])
        _percent(upper.yaxis, lower.yaxis, lower.xaxis)

    return _svg("reliability", "Reliability diagram: share right against confidence.", (440, 360), draw)


def risk_coverage(
    confidence: Floats, right: Bools, *, threshold: float | None, error: float, coverage: float
) -> Markup:
    """The error among the surest messages, for every share of them; `coverage` is that at `error`,
    `threshold` the least confidence that the promise acts on.
    """

    def draw(figure: Figure) -> None:
        figure.set_layout_engine("constrained")
        axes = figure.subplots()
        risk, rows = risk_by_coverage(confidence, right), len(right)
        at = np.unique(np.linspace(1, rows, min(rows, CURVE_POINTS)).astype(int))
        bands = np.asarray([wilson(round(float(risk[k - 1]) * int(k)), int(k)) for k in at])
        axes.fill_between(at / rows, bands[:, 0], bands[:, 1], color=ONE, alpha=0.15, linewidth=0)
        axes.plot(at / rows, risk[at - 1], color=ONE, linewidth=2, label="error, with 95 % interval")
        label = f"{per_cent(error, 0)} error: {per_cent(coverage)} covered"
        axes.axhline(error, color=MUTED, linewidth=1, linestyle="--", label=label)
        if threshold is not None:
            above = int((confidence >= threshold).sum())
            if above:
                wrong = float(risk[above - 1])
                shares = f"{per_cent(above / rows)} covered, {per_cent(wrong)} wrong"
                label = f"promise, from {threshold:.2f}: {shares}"
                axes.plot([above / rows], [wrong], "D", color=TWO, markersize=8, label=label)
        top = max(float(risk[at - 1].max()), error) * 1.6
        axes.set(xlim=(0, 1), ylim=(0, min(1.0, top)), xlabel="messages acted on, surest first")
        axes.set(ylabel="error among them")
        axes.legend(loc="upper left")
        _percent(axes.xaxis, axes.yaxis)

    return _svg("risk", "Risk-coverage curve: error against the share acted on.", (440, 360), draw)


def scopes(inside: Floats, outside: Floats, *, threshold: float) -> Markup:
    """The out-of-scope score of messages in scope and of strays; above the threshold is refused."""

    def draw(figure: Figure) -> None:
        figure.set_layout_engine("constrained")
        axes = figure.subplots()
        edges = np.histogram_bin_edges(np.concatenate([inside, outside]), bins=40)
        for scores, colour, name in ((inside, ONE, "in scope"), (outside, TWO, "out of scope")):
            weights = np.full(len(scores), 1 / len(scores))
            axes.hist(scores, bins=list(edges), weights=weights, color=colour, alpha=0.55, label=name)
        if np.isfinite(threshold):
            axes.axvline(threshold, color=INK, linewidth=1, linestyle="--", label="refused from here")
        axes.set(xlabel="out-of-scope score", ylabel="share of its rows")
        axes.set_ylim(top=1.3 * axes.get_ylim()[1])  # room for the legend
        axes.legend(loc="upper left", ncols=3, columnspacing=1.0)
        _percent(axes.yaxis)

    return _svg("scopes", "Histogram of the out-of-scope score in and out of scope.", (440, 360), draw)


def matrix(found: Confusion) -> Markup:
    """The confusion matrix, rows by label and columns by guess; the darker, the larger a share of its row."""
    size, names = len(found.names), [_short(name) for name in found.names]
    margin = 12 + int(LETTER * max(len(name) for name in names))
    side = size * CELL + margin

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((margin / side, 0, 1 - margin / side, 1 - margin / side))
        axes.set(xlim=(0, size), ylim=(size, 0), aspect="equal")
        axes.xaxis.tick_top()
        places = np.arange(size) + 0.5
        axes.set_xticks(places, names, rotation=90, fontsize=11)
        axes.set_yticks(places, names, fontsize=11)
        axes.tick_params(length=0)
        _cells(axes, found.counts)

    return _svg("matrix", "Confusion matrix: labels down, guesses across.", (side, side), draw)


def _cells(axes: Axes, counts: NDArray[np.int64]) -> None:
    rows = np.maximum(counts.sum(axis=1), 1)
    for label, guess in np.argwhere(counts):
        share, right = counts[label, guess] / rows[label], label == guess
        colour, deep = (ONE if right else TWO), 0.15 + 0.85 * share**0.5
        axes.fill(
            [guess, guess + 1, guess + 1, guess], [label, label, label + 1, label + 1],
            color=colour, alpha=deep, linewidth=0,
        )  # fmt: skip
        axes.text(
            guess + 0.5, label + 0.5, str(counts[label, guess]),
            ha="center", va="center", fontsize=9.5, color=PAPER if deep > 0.6 else INK,
        )  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def per_cent(share: float, digits: int = 1) -> str:
    """A share as the page writes it."""
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"


def _percent(*axes: Axis) -> None:
    for axis in axes:
        axis.set_major_formatter(lambda value, _: f"{100 * value:.3g}\N{NO-BREAK SPACE}%")


def _svg(name: str, told: str, size: tuple[int, int], draw: Callable[[Figure], None]) -> Markup:
    """What `draw` draws, of so many pixels. The name keeps the ids of one page's charts apart."""
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(size[0] / UNITS_AN_INCH, size[1] / UNITS_AN_INCH))
        figure.patch.set_alpha(0)
        draw(figure)
        for axes in figure.axes:
            axes.patch.set_alpha(0)
        drawn = StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return _for_the_page(drawn.getvalue(), name, told, size)


def _for_the_page(drawn: str, name: str, told: str, size: tuple[int, int]) -> Markup:
    """The SVG without prologue, fixed colours, fonts and size, and with words for who cannot see it."""
    body = drawn[drawn.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    opening = (
        f'<svg class="chart" role="img" aria-label="{escape(told)}" viewBox="0 0 {size[0]} {size[1]}" '
        f'width="{size[0]}" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    body = re.sub(r"^<svg[^>]*>", opening, body)
    body = re.sub(r'<g id="[^"]*"', "<g", body)  # the same in every chart, and nothing refers to them
    body = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font: \1 system-ui, sans-serif", body)
    body = re.sub(r"font-family: [^;\"]+", "font-family: system-ui, sans-serif", body)
    for colour, variable in _NAMES.items():
        body = body.replace(colour, f"var(--{variable})")
    return Markup(re.sub(r"\n\s*", "\n", body))
