"""Timings, as ratios measured side by side in one run. Nothing here is asserted: docs/benchmarks.md says what came
out."""
