"""`python -m vallum.cli` is the `vallum` command."""

from vallum.cli.main import run

if __name__ == "__main__":
    run()
