"""Stage `check`: Great Expectations suites over the night's rows; valid rows go on, the rest to quarantine."""
