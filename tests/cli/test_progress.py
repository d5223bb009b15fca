"""What a person sees of a run: lines, and how much is done."""

from __future__ import annotations

import pytest

from serkit.cli.progress import ESTIMATE_AFTER, TerminalEvents


def test_a_fold_with_a_search_counts_its_candidates(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalEvents() as events:
        events.training_started(2, 3, candidates=2)
        assert events.folds == 4
        for fold in ("a", "b"):
            for k in range(2):
                events.candidate_done(fold, 0, f"candidate {k} of {fold}")
            events.fold_done(fold, 0, f"fold {fold} is done")
        assert events.folds_done == 4  # not six
        assert events.bar.tasks[0].completed == events.bar.tasks[0].total == 12
    out = capsys.readouterr().out
    assert out.splitlines().count("fold a is done") == 1
    assert "candidate 1 of b" in out


def test_a_second_run_of_a_sweep_begins_anew(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalEvents() as events:
        for _ in range(2):
            events.training_started(1, 5)
            for step in range(ESTIMATE_AFTER):
                events.batch_done("a", 1, step + 1, 20, 0.5)
            events.fold_done("a", 0, "fold a is done")
            assert (events.folds_done, len(events.bar.tasks)) == (1, 1)
    assert capsys.readouterr().out.count("for 1 fold of at most 5 epochs of 20 batches") == 2
