"""Who answers: the labeler, resumable runs and the command line. May import every other folder."""
