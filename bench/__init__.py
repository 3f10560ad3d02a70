"""Reproducible measurements, peers beside us, in one run, as ratios."""
