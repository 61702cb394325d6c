"""The command line: noun, then verb. Whatever a command needs is imported when it runs, so that `--help` is quick."""


def main() -> None:
    """Run the command line of this process."""
    from igfleet.cli.app import app

    app(prog_name="igfleet")
