"""igfleet kinds: what can be done, and the options of each."""

from typing import TYPE_CHECKING

from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, table

if TYPE_CHECKING:
    from igfleet.runners.base import Options, Runner
    from igfleet.ui.forms.fields import Field

app = noun("Kinds of task, and their options.")


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the kinds. With --json also the schema of their options, counters and columns."""
    from igfleet.runners import KINDS

    if json:
        as_json([_told(runner) for runner in KINDS.values()])
        return
    rows = ((kind, runner.title, runner.about, ", ".join(runner.counters)) for kind, runner in KINDS.items())
    table(("kind", "title", "what it does", "counts"), rows)


@app.command("show")
def show(kind: str, json: AsJson = False) -> None:
    """Show the options of a kind: their defaults, limits and meaning."""
    from igfleet.cli.exits import plain_errors
    from igfleet.runners import runner_of
    from igfleet.ui.forms.fields import fields_of

    with plain_errors():
        runner = runner_of(kind)
    if json:
        as_json(_told(runner))
        return
    fields = fields_of(runner.options).values()
    rows = ((field.name, field.default, _limits(field), field.hint) for field in fields)
    table(("option", "default", "values", "meaning"), rows)


def _told(runner: "type[Runner[Options]]") -> dict[str, object]:
    from igfleet.ui.planning.cloning import may_undo
    from igfleet.ui.progress import noun_of

    names = ("kind", "title", "about", "counters", "takes_media", "share_columns", "result_columns", "start_path")
    told: dict[str, object] = {name: getattr(runner, name) for name in names}
    told["methods"] = [method.value for method in runner.methods]
    told["counted"] = noun_of(runner)
    told["may_undo"] = may_undo(runner)
    told["options"] = runner.options.model_json_schema()
    return told


def _limits(field: "Field") -> str:
    if field.choices:
        return "|".join(field.choices)
    if field.least is None and field.most is None:
        return field.widget.value
    least, most = (f"{end:g}" if end is not None else "" for end in (field.least, field.most))
    return f"{least}..{most}"
