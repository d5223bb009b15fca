"""What every dataset must hold."""

from __future__ import annotations

from serkit.testing.conformance.check import Check
from serkit.testing.conformance.corpora import bad_files, folders, protocols, spec, stable, table

CHECKS: tuple[Check, ...] = (
    Check(spec.check_spec),
    Check(spec.check_target),
    Check(spec.check_splitters),
    Check(folders.check_empty_folder),
    Check(folders.check_missing_folder),
    Check(folders.check_file_for_folder),
    Check(folders.check_wrong_folder),
    Check(stable.check_folder_unchanged),  # before others load, after which an index might be there already
    Check(stable.check_fetch),
    Check(table.check_loads),
    Check(table.check_ids),
    Check(table.check_labels),
    Check(table.check_label_names),
    Check(table.check_speakers),
    Check(table.check_counts),
    Check(table.check_audio),
    Check(table.check_times),
    Check(table.check_duplicates),
    Check(table.check_identify),
    Check(stable.check_deterministic),
    Check(stable.check_listing_order),
    Check(stable.check_another_place),
    Check(stable.check_links),
    Check(stable.check_unrelated_files),
    Check(bad_files.check_removed_recording),
    Check(bad_files.check_truncated_recording),
    Check(bad_files.check_empty_recording),
    Check(bad_files.check_garbled_recording),
    Check(protocols.check_folds),
    Check(protocols.check_guarantees),
    Check(protocols.check_folds_repeat),
    Check(protocols.check_processes),
)
