"""The flows: each file is the table of contents of one. `execute` runs one step in this process (the child), `runner`
starts that child; the CLI and the DAGs use the runner alike."""
