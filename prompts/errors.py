"""The errors a user can meet, one small hierarchy for all of Thymos.

Takes nothing, knows nothing. Every message is one sentence that says what was wrong and what to do:
`<what> must be <rule>, got <value>; <remedy>`. The command line prints the sentence and exits with
`exit_code`; the Python API raises. Errors of other libraries are translated where they enter.
"""


class ThymosError(Exception):
    """Base of every error that a user can cause and mend."""

    exit_code = 1


class InputError(ThymosError):
    """An input file, column or row cannot be used as asked."""

    exit_code = 2


class TaxonomyError(ThymosError):
    """A taxonomy or a map between taxonomies is unknown or invalid."""

    exit_code = 2


class ModelError(ThymosError):
    """A model, its weights or an adapter cannot be found or used here."""

    exit_code = 3


class RunError(ThymosError):
    """A labelling run cannot start or go on: it would mix, overwrite or collide."""

    exit_code = 4


class OutputError(ThymosError):
    """A file cannot be written: the disk is full or the system refuses."""

    exit_code = 4


class RowError(ThymosError):
    """One row cannot be labelled; the rest of the corpus goes on without it."""
