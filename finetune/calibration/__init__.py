"""Confidence that means something: temperature, thresholds, conformal sets and abstention, fitted on a dev split."""
