"""Checks that a wording keeps every fact of the stored answers it was made from, and adds none.

Knows the facts, markers and words of sentences (`facts`). Does not know who wrote the wording, nor what
becomes of one that fails: the caller sends the stored answer itself.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.facts import COURTESY, Sentence, sentences

Fault = Literal["fact", "marker", "name", "unsupported", "missing", "empty"]

_LINKED = 0.5
"""From this share of words in common two sentences are taken to say the same thing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a wording may not be said. `sentence` is the sentence at fault, `detail` what in it."""

    fault: Fault
    sentence: str
    detail: str


def verify(text: str, sources: Sequence[str], *, whole: bool = True) -> tuple[Finding, ...]:
    """Everything wrong with `text` as a wording of `sources`; empty when it may be said.

    Sentences of the wording and of the sources that share most of their content words are put together, and
    each such group must agree: the same facts (numbers with their units, dates, amounts, codes, contacts,
    quotations, placeholders) in the same order, the same counts of markers (negation, duty, permission,
    commitment, condition, limit), no new name, no content word that is new (courtesy apart). Sentences of
    pure courtesy stand apart. `whole` also asks that every sentence and every content word of the sources
    is said; without it a wording may use a part of them, sentence by sentence.

    It errs on the side of refusing: a synonym, a fact in another unit or an order turned round fails, because
    no table of words can tell "dental" for "cosmetic" from a synonym. What passes is the source with its
    sentences split or joined, its function words changed, and courtesy around it.
    """
    said = sentences(text)
    known = [sentence for source in sources for sentence in sentences(source)]
    if not said:
        return (Finding("empty", text, "nothing is said"),)
    findings: list[Finding] = []
    for wording, ground in _groups(said, known, whole=whole):
        findings.extend(_compare(wording, ground, whole=whole))
    if whole and not findings and _all_facts(said) != _all_facts(known):
        findings.append(Finding("fact", text, "the facts stand in another order"))
    return tuple(findings)


_Group = tuple[list[Sentence], list[Sentence]]


def _groups(said: list[Sentence], known: list[Sentence], *, whole: bool) -> Iterator[_Group]:
    """Connected groups of wording and source sentences, linked where most content words are shared."""
    leader = list(range(len(said) + len(known)))

    def find(node: int) -> int:
        while leader[node] != node:
            node = leader[node]
        return node

    for i, sentence in enumerate(said):
        nearest = _nearest(sentence, known)
        if nearest is not None:
            leader[find(i)] = find(len(said) + nearest)
    for j, sentence in enumerate(known if whole else ()):
        nearest = _nearest(sentence, said)
        if nearest is not None:
            leader[find(len(said) + j)] = find(nearest)
    groups: dict[int, _Group] = {}
    for node in range(len(leader)):
        wording, ground = groups.setdefault(find(node), ([], []))
        if node < len(said):
            wording.append(said[node])
        else:
            ground.append(known[node - len(said)])
    return iter(groups.values())


def _nearest(sentence: Sentence, others: Sequence[Sentence]) -> int | None:
    """The sentence that shares most with this one; facts weigh as words. None where none shares enough."""
    mine = sentence.words | set(sentence.facts)
    if not mine or not others:
        return None
    shares = [_likeness(mine, other) for other in others]
    best = max(range(len(others)), key=shares.__getitem__)
    return best if shares[best][0] >= _LINKED else None


def _likeness(mine: frozenset[str], other: Sentence) -> tuple[float, float]:
    theirs = other.words | set(other.facts)
    shared = len(mine & theirs)
    return shared / len(mine), shared / max(len(theirs), 1)


def _compare(wording: list[Sentence], ground: list[Sentence], *, whole: bool) -> Iterator[Finding]:
    if not ground:
        yield from (Finding("unsupported", s.text, "no source says so") for s in wording if not s.courtesy)
        return
    if not wording:
        if whole:
            yield from (Finding("missing", s.text, "left out") for s in ground if not s.courtesy)
        return
    text = " ".join(sentence.text for sentence in wording)
    if _all_facts(wording) != _all_facts(ground):
        yield Finding("fact", text, _difference(_all_facts(wording), _all_facts(ground)))
    said_markers, known_markers = _all_markers(wording), _all_markers(ground)
    if said_markers != known_markers:
        yield Finding("marker", text, _difference(said_markers.elements(), known_markers.elements()))
    said_words, known_words = _all_words(wording), _all_words(ground)
    new_names = frozenset[str]().union(*(s.names for s in wording)) - known_words
    if new_names:
        yield Finding("name", text, ", ".join(sorted(new_names)))
    new_words = said_words - known_words - COURTESY
    if new_words:
        yield Finding("unsupported", text, ", ".join(sorted(new_words)))
    if whole and not known_words <= said_words:
        yield Finding("missing", text, ", ".join(sorted(known_words - said_words)))


def _all_facts(group: Sequence[Sentence]) -> list[str]:
    return [fact for sentence in group for fact in sentence.facts]


def _all_markers(group: Sequence[Sentence]) -> Counter[str]:
    return sum((sentence.markers for sentence in group), Counter[str]())


def _all_words(group: Sequence[Sentence]) -> frozenset[str]:
    return frozenset[str]().union(*(sentence.words for sentence in group))


def _difference(said: "Sequence[str] | Iterator[str]", known: "Sequence[str] | Iterator[str]") -> str:
    mine, theirs = Counter(said), Counter(known)
    added = [f"+{item}" for item in (mine - theirs).elements()]
    dropped = [f"-{item}" for item in (theirs - mine).elements()]
    return " ".join(added + dropped) or "in another order"
