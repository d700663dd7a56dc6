"""The report on synthetic rows: one HTML page with pictures that needs nothing else."""
