"""What Rasa 2 and 1 wrote otherwise, as a table read from the top, and its use on a project's files.

Loading applies it in memory; `frontdesk import` writes it down. Knows nodes, no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.project import migrate_dialogue as dialogue
from bot.project import migrate_domain as domain
from bot.project.changes import Change, apply, place_of
from bot.project.old_format import Edit, Files, Remark, fills_by_name
from bot.project.report import Place, Report
from bot.project.yaml import Node


@dataclass(frozen=True, slots=True)
class Row:
    """One old way of writing. `says` completes "Here …". `only_old`: where slots are filled as before Rasa 3;
    `silent`: reading need not tell."""

    says: str
    find: Callable[[Files], Iterable[Edit | Remark]]
    only_old: bool = False
    silent: bool = False


TABLE: tuple[Row, ...] = (
    Row("`templates` are named `responses`", domain.rename_templates),
    Row("forms are listed by name alone", domain.name_forms, only_old=True),
    Row("forms keep the mappings of their slots; they belong under the slots", domain.move_mappings),
    Row("slots are `unfeaturized`: of any type, and without influence", domain.name_types),
    Row("entities fill the slots of their names by themselves", domain.fill_by_name, only_old=True),
    Row(
        "slots are filled by actions alone, without a mapping that says so",
        domain.fill_by_action,
        only_old=True,
        silent=True,
    ),
    Row("variations of responses are bare texts", domain.write_texts),
    Row("intents have `triggers`, which are rules", dialogue.map_triggers),
    Row(
        "a fallback is a policy; it is a threshold of FallbackClassifier and a rule",
        dialogue.replace_fallbacks,
    ),
    Row("FormPolicy or MappingPolicy do what RulePolicy does", dialogue.replace_policies),
    Row("components have their old names", dialogue.rename_components),
    Row("stories say `form`, which is `active_loop`", dialogue.rename_loops),
    Row("what retrieval intents answer is not called `utter_…`", dialogue.rename_retrieval),
    Row("`action_deactivate_form` is `action_deactivate_loop`", dialogue.rename_actions),
    Row("the format's version is older", dialogue.raise_versions, silent=True),
)


@dataclass(frozen=True, slots=True)
class Step:
    """What one row changes in one file; `place` is that of the first change."""

    row: Row
    file: str
    place: Place
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Migrated:
    """The files in Rasa 3's words, the steps that led there in order, and what is left to a person."""

    files: Files
    steps: tuple[Step, ...] = ()
    remarks: tuple[Remark, ...] = ()


def migrate(files: Files) -> Migrated:
    """Works down the table; each row sees what those above it have changed."""
    old = fills_by_name(files)
    steps: list[Step] = []
    remarks: list[Remark] = []
    for row in TABLE:
        if row.only_old and not old:
            continue
        found = tuple(row.find(files))
        remarks += (item for item in found if isinstance(item, Remark))
        taken = list(_steps(row, files, [item for item in found if isinstance(item, Edit)]))
        for step in taken:
            files = _changed(files, step)
        steps += taken
    return Migrated(files, tuple(steps), tuple(remarks))


def tell(migrated: Migrated, report: Report) -> None:
    """Warnings of a project that was read as Rasa 3 would have it."""
    mend = "It is read so; `frontdesk import SOURCE PROJECT` writes it down in a copy."
    for step in migrated.steps:
        if not step.row.silent and step.file != dialogue.RULES:
            report.warn(step.place, f"Rasa 3 writes this otherwise: here {step.row.says}.", mend)
    for remark in migrated.remarks:
        report.warn(remark.place, remark.message, remark.mend)


def _steps(row: Row, files: Files, edits: Iterable[Edit]) -> Iterator[Step]:
    tops = dict(files.all)
    by_file: dict[str, list[Change]] = {}
    for edit in edits:
        by_file.setdefault(edit.file, []).append(edit.change)
    for file, changes in by_file.items():
        top = tops.get(file, Node(None, Place(file)))
        yield Step(row, file, place_of(top, changes[0].path), tuple(changes))


def _changed(files: Files, step: Step) -> Files:
    kind = next((kind for kind in ("config", "domain") if step.file in getattr(files, kind)), "data")
    tops: Mapping[str, Node] = getattr(files, kind)
    top = tops.get(step.file, Node(None, Place(step.file)))  # the file of new rules may not be there yet
    return replace(files, **{kind: {**tops, step.file: apply(top, step.changes)}})
