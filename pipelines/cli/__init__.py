"""`nightcap`: thin commands over the same functions that the DAGs run."""

from __future__ import annotations

import json
import os
import sys

from pipelines.errors import PermanentError, PipelineError, exit_code_of


def main() -> None:
    """Entry point: a PipelineError prints as one message with its exit code, anything else is a bug (1).

    With --json the last line of stdout is an object also then: {"error": class, "message": text, "exit_code": n}.
    """
    from pipelines import settings

    settings.quiet_libraries()
    from pipelines.cli.app import app

    try:
        app()
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    except (PipelineError, OSError) as caught:
        error = caught if isinstance(caught, PipelineError) else PermanentError(str(caught))
        if "--json" in sys.argv:
            row = {"error": type(error).__name__, "message": str(error), "exit_code": exit_code_of(error)}
            print(json.dumps(row), flush=True)
        print(f"nightcap: {error}", file=sys.stderr, flush=True)
        sys.exit(exit_code_of(error))
