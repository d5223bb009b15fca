"""What a report says, before it has a form: the numbers of the run folder and the sentences about them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serkit.errors import RunFolderError
from serkit.run import grid
from serkit.run.files import read_json

_NAMED = 6
"""Collapsed folds that a warning names; the fold table marks all."""

History = Mapping[str, Sequence[float]]
"""Columns of a ``history.csv``; NaN where a field is empty."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A run folder in memory. ``histories`` is keyed by the folder's name, ``<seed>-<fold>``."""

    name: str
    metrics: Mapping[str, Any]
    protocol: Mapping[str, Any]
    environment: Mapping[str, Any]
    recipe: str
    histories: Mapping[str, History]


def read_facts(folder: Path) -> Facts:
    """Read the folder. Raises RunFolderError naming the file that is damaged, or ``metrics.json`` if it is missing."""
    recipe = folder / "recipe.toml"
    return Facts(
        name=folder.resolve().name,
        metrics=_table(folder / "metrics.json"),
        protocol=_table(folder / "protocol.json") if (folder / "protocol.json").exists() else {},
        environment=_table(folder / "environment.json") if (folder / "environment.json").exists() else {},
        recipe=recipe.read_text(encoding="utf-8", errors="replace") if recipe.exists() else "",
        histories={p.parent.name: _history(p) for p in sorted((folder / "folds").glob("*/history.csv"))},
    )


def headline(m: Mapping[str, Any]) -> str:
    """The one sentence: pooled UAR, its interval, how many folds and seeds; or that there is no score."""
    if not scored(m):
        return f"no score: {m.get('protocol', 'the protocol')} makes a final model and tests nothing"
    uar = m.get("uar") or {}
    folds, seeds = count(m.get("n_folds"), "fold"), count(m.get("n_seeds"), "seed")
    return f"UAR {percent(uar.get('pooled'))} ({headline_interval(m)}), pooled over {folds} and {seeds}"


def headline_interval(m: Mapping[str, Any]) -> str:
    """:func:`interval` of the UAR with the number of speakers: two have an interval too, and the reader must see how
    few they are."""
    uar, speakers = m.get("uar") or {}, (m.get("bootstrap") or {}).get("speakers")
    return interval(uar) + (f" over {count(speakers, 'speaker')}" if uar.get("interval95") and speakers else "")


def scored(m: Mapping[str, Any]) -> bool:
    """Whether the run tested anything; one that made a final model did not."""
    return m.get("scored") is not False


def interval(summary: Mapping[str, Any]) -> str:
    """``95 % interval 61.2 to 75.0 %``, or why there is none."""
    ends = summary.get("interval95")
    if not ends:
        note = summary.get("interval_note")
        return f"no interval: {note}" if note else "no interval"
    return f"95 % interval {tenths(ends[0])} to {percent(ends[1])}"


def warnings(m: Mapping[str, Any]) -> list[str]:
    """What a reader must know before quoting a number of this run, in plain words."""
    out = []
    if m.get("complete") is False:
        lacks = "; ".join(m.get("incomplete") or ["folds or recordings were left out"])
        out.append(f"The run is incomplete: {lacks}. Nothing here may be compared with complete runs or with papers.")
    if m.get("speaker_independent") is False:
        out.append(
            "Speaker-dependent: speakers of the test part are also in training or development, so the score does not "
            "tell how well new speakers are recognised."
        )
    elif scored(m) and "speaker_independent" in m and m["speaker_independent"] is None:
        out.append("The corpus does not name every speaker, so it is not known whether test speakers are in training.")
    collapsed = [f"fold {c.get('fold')} of seed {c.get('seed')}" for c in m.get("collapsed") or ()]
    if collapsed:
        names = ", ".join(collapsed[:_NAMED]) + (f" and {len(collapsed) - _NAMED} more" * (len(collapsed) > _NAMED))
        out.append(f"{names[0].upper()}{names[1:]} collapsed: every test utterance was given the same class.")
    information = m.get("information") or "inductive"
    if information != "inductive":
        out.append(
            f"The protocol lets a system use more than the utterance at hand ({information}); compare only with runs "
            "of the same information level."
        )
    published = m.get("published")
    if published and not published.get("comparable"):
        out.append(f"The published figure is not comparable: {'; '.join(reasons(m))}.")
    return out


def reasons(m: Mapping[str, Any]) -> list[str]:
    """Why the published figure is not comparable; empty if it is, or if there is none."""
    published = m.get("published") or {}
    if not published or published.get("comparable"):
        return []
    return list(published.get("reasons") or ()) or ["protocol, classes or folds differ"]


def fold_rows(facts: Facts) -> list[dict[str, Any]]:
    """For each fold: name, test utterances, UAR, WAR, in how many seeds it collapsed, and over seeds the epochs run and
    mean best development UAR."""
    m = facts.metrics
    uar, war = ((m.get(name) or {}).get("per_fold") or {} for name in ("uar", "war"))
    support = ((m.get("support") or {}).get("per_fold")) or {}
    rows = []
    for fold in uar:
        runs = [h for name, h in facts.histories.items() if name.partition("-")[2] == fold]
        best = [max(known) for h in runs if (known := [x for x in h.get("dev_uar", ()) if math.isfinite(x)])]
        epochs = [len(h.get("epoch", ())) for h in runs]
        rows.append(
            {
                "fold": fold,
                "utterances": sum(support[fold].values()) if fold in support else None,
                "uar": uar[fold],
                "war": war.get(fold),
                "collapsed": collapses(m).get(fold, ""),
                "dev": sum(best) / len(best) if best else None,
                "epochs": "" if not epochs else str(epochs[0]) if len(set(epochs)) == 1 else _span(epochs),
            }
        )
    return rows


def collapses(m: Mapping[str, Any]) -> dict[str, str]:
    """Folds that collapsed in some seed, with the words for it."""
    seeds: dict[str, int] = {}
    for c in m.get("collapsed") or ():
        seeds[str(c.get("fold"))] = seeds.get(str(c.get("fold")), 0) + 1
    whole = m.get("n_seeds")
    return {f: "collapsed" if n == whole else f"collapsed in {n} of {count(whole, 'seed')}" for f, n in seeds.items()}


def development(m: Mapping[str, Any]) -> str:
    """The development scores of the epoch kept and of the last one, if they are recorded."""
    dev = m.get("dev") or {}
    found = [(words, _number(dev.get(key))) for key, words in (("best", "best epoch"), ("last", "last epoch"))]
    known = [f"{words} {percent(x)}" for words, x in found if x is not None]
    return f"Development UAR, mean over folds: {', '.join(known)}." if known else ""


def search_rows(m: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Rows (candidate, mean development UAR, how often it was chosen) of a search; empty without one."""
    rows = (m.get("search") or {}).get("candidates") or ()
    return [(grid.words(r["values"]), percent(r["dev_uar"]), str(r["chosen"])) for r in rows]


SEARCH_HEAD = ("Candidate", "Development UAR, mean", "Chosen")


def search_words(m: Mapping[str, Any]) -> str:
    """What each fold chose, and on what grounds."""
    found = (m.get("search") or {}).get("folds") or {}
    if not found:
        return ""
    many = int(m.get("n_seeds") or 1) > 1
    names = ((fold if many else fold.partition("-")[2], r) for fold, r in found.items())
    each = "; ".join(f"{name}: {grid.words(r['values'])} ({percent(r['dev_uar'])})" for name, r in names)
    words = f"Chosen in each fold on its development speakers alone, the best UAR, the first of several: {each}."
    for key in _at_the_end(m["search"]):
        words += f" Every fold chose {key} at an end of its list, so a longer list might hold a better value."
    return words


def _at_the_end(search: Mapping[str, Any]) -> list[str]:
    """Searched keys of three numbers or more of which every fold chose the smallest, or every fold the largest."""
    out = []
    for key in search["candidates"][0]["values"]:
        tried = {r["values"][key] for r in search["candidates"] if isinstance(r["values"][key], int | float)}
        took = {r["values"][key] for r in search["folds"].values() if isinstance(r["values"][key], int | float)}
        if len(tried) > 2 and took in ({min(tried)}, {max(tried)}):
            out.append(key)
    return out


def attention_words(m: Mapping[str, Any]) -> str:
    """How spread attention is, in a sentence; empty for systems without."""
    found = m.get("attention")
    if not found:
        return ""
    return (
        f"Attention: normalised entropy {found['entropy']:.3f}, mean over {found['utterances']} test utterances "
        "(0: one frame has all weight, 1: all have the same)."
    )


def environment_rows(facts: Facts) -> list[tuple[str, str]]:
    """How the run was made, as (what, value)."""
    e, m = facts.environment, facts.metrics
    rows = [(k, m.get(k)) for k in ("plugin", "preset", "dataset", "protocol", "protocol_hash", "information")]
    rows += [
        (k, e.get(k))
        for k in ("serkit", "commit", "python", "torch", "numpy", "platform", "isa", "device", "device_name")
    ]
    rows += [(k, e.get(k)) for k in ("precision", "threads", "cores")]
    out = [(k.replace("_", " "), str(v)) for k, v in rows if v not in (None, "")]
    if m.get("training_speakers"):
        out.append(("training speakers a fold", " or ".join(map(str, m["training_speakers"]))))
    read = m.get("test_evaluations")  # None where the ledger could not be kept
    if read:
        out.append(("test folds read here by this recipe", count(read["recipe"], "time")))
        out.append(("test folds read here by any recipe", count(read["protocol"], "time")))
    if isinstance(e.get("seconds"), int | float):
        out.append(("time", duration(e["seconds"])))
    return out


def cost_rows(m: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What one utterance costs, as (what, value); empty where it was not measured."""
    cost = m.get("cost")
    if not cost:
        return []
    total, trainable, products = (cost.get(k) for k in ("parameters", "trainable", "multiply_adds"))
    seconds = f"{cost['seconds_of_audio']:g} s of speech"
    out = []
    if total is not None:
        out.append(("parameters", f"{total:,}" + ("" if trainable == total else f", of them {trainable:,} trained")))
    if products is not None:
        out.append((f"multiply-adds for {seconds}", f"{products:,}"))
    if cost.get("not_counted"):
        out.append(("operations not counted in them", ", ".join(cost["not_counted"])))
    out.append(
        (
            f"time for {seconds}",
            f"{cost['latency_ms']:.3g} ms from samples to posteriors, {cost['real_time_factor']:.2g} of real time "
            f"(median of {cost['repetitions']}; {cost['device']}, {count(cost['threads'], 'thread')})",
        )
    )
    return out


def plugin_rows(facts: Facts) -> list[tuple[str, str]]:
    """(name, distribution and version) of each plugin that took part."""
    return [
        (str(p.get("name", "")), f"{p.get('distribution', '')} {p.get('version', '')}".strip())
        for p in facts.environment.get("plugins") or ()
    ]


def audit_lines(facts: Facts) -> list[str]:
    """The sentences of the leakage audit; its lists of shared texts are indented dashes, which the pages replace."""
    return [str(x).strip().removeprefix("- ") for x in (facts.protocol.get("audit") or {}).get("lines") or ()]


def corpus_notes(m: Mapping[str, Any]) -> list[str]:
    """What the corpora said of themselves: what is missing, left out or renamed."""
    return [str(note) for note in m.get("notes") or ()]


def label_rows(m: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Rows (corpus, its class, class in the run, utterances) of pooled corpora or a label map; empty without."""
    return [
        (str(corpus), str(source), str(row["target"] or "left out"), str(row["utterances"]))
        for corpus, sources in (m.get("label_map") or {}).items()
        for source, row in sources.items()
    ]


LABEL_HEAD = ("Corpus", "Its class", "Class in this run", "Utterances")


def tenths(x: float, sign: str = "") -> str:
    """A fraction in per cent as ``71.3``, or with ``sign="+"`` as ``+71.3``.

    What is exactly between two tenths is so however it was summed up: a mean of recalls of 0.6875 less the last bit
    and the same share of utterances would else stand side by side as 68.7 and 68.8.
    """
    return f"{round(100 * x, 9):{sign}.1f}"


def percent(x: float | None) -> str:
    """A fraction as ``71.3 %``; ``undefined`` for None."""
    return "undefined" if x is None else f"{tenths(x)} %"


def points(x: float) -> str:
    """A difference of fractions as ``+1.2 points``, with a true minus."""
    return f"{tenths(x, '+')} points".replace("-", "\N{MINUS SIGN}")


def spread(summary: Mapping[str, Any]) -> str:
    """``68.9 % ± 9.8 points``: mean and deviation over folds, as papers print them."""
    mean, std = summary.get("mean"), summary.get("std_folds")
    if mean is None:
        return "pooled only" if summary.get("pooled") is not None else "undefined"
    return percent(mean) if std is None else f"{percent(mean)} ± {tenths(std)} points"


def count(n: Any, noun: str, plural: str = "") -> str:
    """``1 fold``, ``10 folds``, ``2 batches``."""
    return f"{n} {noun}" if n == 1 else f"{n} {plural or noun + 's'}"


def duration(seconds: float) -> str:
    """``45 s``, ``17 min 10 s``, ``3 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _span(values: Sequence[int]) -> str:
    return f"{min(values)} to {max(values)}"


def _number(value: Any) -> float | None:
    if isinstance(value, Mapping):
        value = value.get("mean", value.get("uar"))
    if isinstance(value, Mapping):
        value = value.get("mean")
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _table(path: Path) -> dict[str, Any]:
    value = read_json(path)
    if not isinstance(value, dict):
        raise RunFolderError(f"{path} holds no JSON object; is this a run folder of serkit run?")
    return value


def _history(path: Path) -> dict[str, list[float]]:
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        columns: dict[str, list[float]] = {name: [] for name in reader.fieldnames or ()}
        for row in reader:
            for name, values in columns.items():
                if row[name] is None:
                    raise ValueError(f"line {reader.line_num} is cut short")
                values.append(float(row[name]) if row[name] else math.nan)
    except (OSError, ValueError, csv.Error) as error:
        raise RunFolderError(f"{path} is damaged ({error}); delete it, the report does without.") from None
    return columns
