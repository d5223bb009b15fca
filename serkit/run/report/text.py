"""``report.md``: the run in plain Markdown, for a repository, a mail or a paper's notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from serkit.run.report import beside
from serkit.run.report import facts as f
from serkit.run.report import tables as t


def render(facts: f.Facts) -> str:
    """The whole page."""
    m = facts.metrics
    title = f"{m.get('plugin', 'run')} on {m.get('dataset', 'unknown')}"
    parts = [f"# {escape(title)}", f"**{escape(f.headline(m))}**"]
    where = [("protocol", m.get("protocol")), ("preset", m.get("preset")), ("run", facts.name)]
    parts.append(" · ".join(f"{k} {escape(str(v))}" for k, v in where if v))
    warnings = f.warnings(m)
    if warnings:
        parts.append("\n".join(f"> **Mind:** {escape(x)}\n>" for x in warnings).removesuffix("\n>"))

    if f.scored(m):
        parts += _scores(facts)
    rows = beside.rows(m)
    if rows:
        parts.append("## The published figure")
        parts.append(table(beside.HEAD, rows))
        parts.append(escape(beside.verdict_words(m)))

    if f.scored(m):
        parts += _folds_and_classes(facts)
    if f.search_rows(m):
        parts += ["## Search", table(f.SEARCH_HEAD, f.search_rows(m)), escape(f.search_words(m))]
    if facts.histories:
        parts += ["## Training", "![Training loss and development UAR](plots/training.png)"]

    notes, mapped = f.corpus_notes(m), f.label_rows(m)
    if notes or mapped:
        parts.append("## Corpora")
        parts += ["\n".join(f"* {escape(x)}" for x in notes)] if notes else []
        parts += [table(f.LABEL_HEAD, mapped, words=3)] if mapped else []

    lines = f.audit_lines(facts)
    if lines:
        parts += ["## Leakage audit", "\n".join(f"* {escape(x)}" for x in lines)]
    cost = f.cost_rows(m)
    parts += ["## Cost", table(("What", "Value"), cost)] if cost else []
    parts += ["## How it was made", table(("What", "Value"), f.environment_rows(facts))]
    plugins = f.plugin_rows(facts)
    if plugins:
        parts.append(table(("Plugin", "From"), plugins))
    if facts.recipe:
        fence = "`" * max(3, 1 + max((len(x) for x in re.findall("`+", facts.recipe)), default=0))
        parts.append(f"{fence}toml\n{facts.recipe.rstrip()}\n{fence}")
    return "\n\n".join(p for p in parts if p) + "\n"


def _scores(facts: f.Facts) -> list[str]:
    m = facts.metrics
    parts = ["## Scores", table(t.SCORE_HEAD, t.score_rows(m))]
    parts.append("\n".join(f"* {escape(name)}: {escape(words)}" for name, words in t.definitions(m)))
    parts += [escape(words) for words in (f.development(m), f.attention_words(m)) if words]
    return parts


def _folds_and_classes(facts: f.Facts) -> list[str]:
    m = facts.metrics
    parts = ["## Folds"]
    parts.append(
        table(
            ("Fold", "Utterances", "UAR", "WAR", "Best dev UAR", "Epochs"),
            (
                (
                    t.fold_name(r),
                    "" if r["utterances"] is None else str(r["utterances"]),
                    f.percent(r["uar"]),
                    f.percent(r["war"]),
                    "" if r["dev"] is None else f.percent(r["dev"]),
                    r["epochs"],
                )
                for r in f.fold_rows(facts)
            ),
        )
    )
    parts.append("![UAR of each fold](plots/folds.png)")

    parts.append("## Classes")
    parts.append(
        table(
            ("Class", "Utterances", "Recall", "AUC"),
            (
                (r.label, "" if r.utterances is None else str(r.utterances), f.percent(r.recall), f.percent(r.auc))
                for r in t.class_rows(m)
            ),
        )
    )
    parts.append("![Confusion matrix](plots/confusion.png)")
    groups = t.group_tables(m)
    if groups:
        parts.append("## Groups")
    for group in groups:
        parts.append(escape(group.words))
        if not group.repeats:
            parts.append(table((group.kind.capitalize(), *t.GROUP_HEAD), group.rows))

    pictures = {"roc": "ROC curves of each class against the rest", "calibration": "Accuracy by confidence"}
    known = [name for name in pictures if m.get(name)]
    if known:
        parts += ["## Posteriors", *(f"![{pictures[name]}](plots/{name}.png)" for name in known)]
    return parts


def escape(text: str) -> str:
    """``text`` so that Markdown shows it as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>|#~])", r"\\\1", " ".join(text.split()))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A Markdown table; the first ``words`` columns are text, the others numbers."""
    lines = ["| " + " | ".join(header) + " |", "|---" * words + "|---:" * (len(header) - words) + "|"]
    lines += ["| " + " | ".join(escape(str(x)) for x in row) + " |" for row in rows]
    return "\n".join(lines)
