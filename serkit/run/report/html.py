"""``report.html``: one self-contained page, light or dark as the reader's system, readable on a telephone.

Images are embedded, there is no script, and a content policy forbids the page to load anything. Every name that comes
from a file, a plugin or a corpus is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files

from serkit.run.report import beside, plots
from serkit.run.report import facts as f
from serkit.run.report import tables as t

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def render(facts: f.Facts, light: Mapping[str, bytes]) -> str:
    """The whole page; ``light`` are the PNG files of ``plots/`` by stem."""
    m = facts.metrics
    title = f"{m.get('plugin', 'run')} on {m.get('dataset', 'unknown')}"
    # the confusion matrix is a table here
    dark = plots.draw(facts, plots.DARK, ("folds", "roc", "calibration", "training"))
    images = {name: (light[name], image) for name, image in dark.items()}
    fold_part = picture(images, "folds", "UAR of each fold with mean and interval") + _fold_table(facts)
    class_part = f'<div class="beside">{_class_table(facts)}{_confusion(facts)}</div>'
    scored = f.scored(m)
    sections = [
        _top(facts, title),
        _published(facts),
        section("Folds", fold_part if scored else ""),
        section("Classes", class_part if scored else ""),
        section("Groups", _groups(facts)),
        section("Posteriors", _posteriors(images)),
        section("Search", _search(facts)),
        section("Training", _training(facts, images)),
        section("Scores", _score_table(facts) if scored else ""),
        section("Corpora", _corpora(facts)),
        section("Leakage audit", _list(f.audit_lines(facts))),
        section("Cost", _cost(facts)),
        section("How it was made", _made(facts)),
    ]
    return page(title, "\n".join(s for s in sections if s))


def page(title: str, body: str) -> str:
    """A whole self-contained page; ``body`` is HTML, ``title`` text."""
    style = files("serkit.run.report").joinpath("style.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)} · SerKit</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n"
        "</main>\n</body>\n</html>\n"
    )


def _top(facts: f.Facts, title: str) -> str:
    m = facts.metrics
    uar, war = (m.get(name) or {} for name in ("uar", "war"))
    preset = f"preset {m['preset']}" if m.get("preset") else None
    where = " · ".join(str(x) for x in (m.get("protocol"), preset, facts.name) if x)
    ends = uar.get("interval95")
    bar = ""
    if ends:
        low, high, at = (f"{100 * x:.2f}%" for x in (*ends, uar["pooled"]))
        bar = (
            '<div class="scale" aria-hidden="true"><span class="range" '
            f'style="left:{low};width:calc({high} - {low})"></span><span class="at" style="left:{at}"></span></div>'
            '<div class="ends" aria-hidden="true"><span>0</span><span>50</span><span>100 %</span></div>'
        )
    head = f'<header><h1>{escape(title)}</h1><p class="faint">{escape(where)}</p></header>'
    warnings = "".join(f'<p class="mind"><b>Mind</b> {escape(w)}</p>' for w in f.warnings(m))
    if not f.scored(m):
        return f'{head}<section class="headline"><p>{escape(f.headline(m))}</p></section>{warnings}'
    folds, seeds = f.count(m.get("n_folds"), "fold"), f.count(m.get("n_seeds"), "seed")
    cards = [
        ("UAR, mean over folds", f.spread(uar)),
        ("WAR, pooled", f.percent(war.get("pooled"))),
        ("WAR, mean over folds", f.spread(war)),
    ]
    words = " ".join(f"{k.upper()}: {v}" for k, v in t.definitions(m, ("uar", "war")))
    return (
        f'{head}<section class="headline"><p class="big">{f.percent(uar.get("pooled"))}</p>'
        f"<p>UAR, pooled over {escape(folds)} and {escape(seeds)}; {escape(f.headline_interval(m))}</p>{bar}"
        '<dl class="cards">'
        + "".join(f"<div><dt>{k}</dt><dd>{escape(v)}</dd></div>" for k, v in cards)
        + f'</dl><p class="faint">{escape(words)}</p></section>{warnings}'
    )


def _published(facts: f.Facts) -> str:
    rows = beside.rows(facts.metrics)
    if not rows:
        return ""
    head, _, rest = escape(beside.verdict_words(facts.metrics)).partition(":")
    words = f"<p><b>{head}</b>:{rest}</p>"
    return section("The published figure", table(beside.HEAD, map(cells, rows)) + words)


def _fold_table(facts: f.Facts) -> str:
    rows = (
        (
            escape(t.fold_name(r)),
            "" if r["utterances"] is None else str(r["utterances"]),
            _bar(r["uar"]),
            f.percent(r["war"]),
            "" if r["dev"] is None else f.percent(r["dev"]),
            escape(r["epochs"]),
        )
        for r in f.fold_rows(facts)
    )
    words = f.development(facts.metrics)
    return table(("Fold", "Utterances", "UAR", "WAR", "Best dev UAR", "Epochs"), rows) + (
        f'<p class="faint">{escape(words)}</p>' if words else ""
    )


def _class_table(facts: f.Facts) -> str:
    classes = t.class_rows(facts.metrics)
    rows = (
        (escape(r.label), "" if r.utterances is None else str(r.utterances), _bar(r.recall), f.percent(r.auc))
        for r in classes
    )
    return table(("Class", "Utterances", "Recall", "AUC"), rows) if classes else ""


def _confusion(facts: f.Facts) -> str:
    found = facts.metrics.get("confusion") or {}
    labels, matrix = found.get("labels") or [], found.get("matrix") or []
    if not labels:
        return ""
    head = "".join(f'<th scope="col"><span>{escape(str(x))}</span></th>' for x in labels)
    lines = []
    for label, row in zip(labels, matrix, strict=True):
        total = sum(row)
        filled = []
        for count in row:
            share = count / total if total else 0.0
            strong = ' class="strong"' if share > 0.5 else ""
            text = f"{100 * share:.0f}" if total else "–"
            filled.append(f'<td{strong} style="--v:{share:.3f}">{text}<small>{count}</small></td>')
        lines.append(f'<tr><th scope="row">{escape(str(label))}</th>' + "".join(filled) + "</tr>")
    return (
        '<div class="scroll"><table class="confusion"><caption>Rows are the truth, columns the prediction: '
        "per cent of the row, and below it the count over folds and seeds.</caption>"
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _training(facts: f.Facts, images: dict[str, tuple[bytes, bytes]]) -> str:
    return picture(images, "training", "training loss and development UAR by epoch, one line a fold")


def _search(facts: f.Facts) -> str:
    rows = f.search_rows(facts.metrics)
    words = f"<p>{escape(f.search_words(facts.metrics))}</p>"
    return table(f.SEARCH_HEAD, map(cells, rows)) + words if rows else ""


def _groups(facts: f.Facts) -> str:
    out = ""
    for group in t.group_tables(facts.metrics):
        out += f"<p>{escape(group.words)}</p>"
        if not group.repeats:
            out += table((escape(group.kind.capitalize()), *t.GROUP_HEAD), map(cells, group.rows))
    return out


def _posteriors(images: dict[str, tuple[bytes, bytes]]) -> str:
    return picture(images, "roc", "ROC curves of each class against the rest, with areas") + picture(
        images, "calibration", "accuracy of the utterances of each bin of confidence, and how many there are"
    )


def _score_table(facts: f.Facts) -> str:
    words = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in t.definitions(facts.metrics))
    out = table(t.SCORE_HEAD, map(cells, t.score_rows(facts.metrics)))
    out += f"<p>{escape(f.attention_words(facts.metrics))}</p>" if f.attention_words(facts.metrics) else ""
    return out + (f'<dl class="definitions">{words}</dl>' if words else "")


def _corpora(facts: f.Facts) -> str:
    rows = f.label_rows(facts.metrics)
    return _list(f.corpus_notes(facts.metrics)) + (table(f.LABEL_HEAD, map(cells, rows), "words") if rows else "")


def _cost(facts: f.Facts) -> str:
    rows = f.cost_rows(facts.metrics)
    return table(None, map(cells, rows), "pairs") if rows else ""


def _made(facts: f.Facts) -> str:
    out = table(None, map(cells, f.environment_rows(facts)), "pairs")
    plugins = f.plugin_rows(facts)
    if plugins:
        out += f"<details><summary>Plugins</summary>{table(None, map(cells, plugins), 'pairs')}</details>"
    if facts.recipe:
        out += (
            f'<details><summary>Recipe</summary><pre tabindex="0">{escape(facts.recipe.rstrip())}</pre></details>'
            '<p class="faint">The recipe is <code>recipe.toml</code> of the run folder; '
            "<code>serkit run --recipe recipe.toml</code> runs it again.</p>"
        )
    return out


def _bar(value: float | None) -> str:
    """A fraction with a bar behind it."""
    if value is None:
        return f.percent(None)
    return f'<span class="bar" style="--v:{value:.3f}">{f.percent(value)}</span>'


def cells(row: Iterable[str]) -> list[str]:
    """Plain text as HTML."""
    return [escape(x) for x in row]


def table(header: Sequence[str] | None, rows: Iterable[Sequence[str]], kind: str = "numbers") -> str:
    """``rows`` are HTML; the first cell heads its row."""
    columns = "".join(f'<th scope="col">{h}</th>' for h in header or ())
    head = f"<thead><tr>{columns}</tr></thead>" if header else ""
    body = ""
    for first, *rest in rows:
        filled = "".join(f"<td>{x}</td>" for x in rest)
        body += f'<tr><th scope="row">{first}</th>{filled}</tr>'
    return f'<div class="scroll"><table class="{kind}">{head}<tbody>{body}</tbody></table></div>'


def _list(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(x)}</li>' for x in lines)}</ul>" if lines else ""


def picture(images: Mapping[str, tuple[bytes, bytes]], name: str, words: str) -> str:
    """The picture ``name`` of (light, dark) PNG files, embedded; ``words`` say what it shows."""
    if name not in images:
        return ""
    light, dark = (f"data:image/png;base64,{base64.b64encode(x).decode()}" for x in images[name])
    source = f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">'
    return f'<div class="scroll"><picture>{source}<img src="{light}" alt="{words}"></picture></div>'


def section(title: str, content: str) -> str:
    """A section under its title; nothing without content."""
    return f"<section><h2>{title}</h2>{content}</section>" if content else ""
