"""`python -m pipelines` is `nightcap`."""

from pipelines.cli import main

if __name__ == "__main__":
    main()
