"""Commands made from the action table: one per row, with its arguments, --reason, --yes, --dry-run and --json."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.run import Run
from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.desk.api import Desk, Outcome
    from ccops.desk.table import Action, Argument

_TARGETS = {"agent": "AGENT", "call": "CALL", "supervision": "ID", "parked": "PARKED", "alert": "ALERT"}
_TARGET_HELP = {
    "agent": _("Name, number or interface."),
    "call": _("Call id, as `ccops call list` shows it."),
    "supervision": _("Id, as `ccops supervision list` shows it."),
    "parked": _("Space or id of the parked call."),
    "alert": _("Number, as `ccops alert list` shows it, or the rule's name."),
}

_SAMPLES = {
    "agent": "1001",
    "call": "1772600400.17",
    "supervision": "ccops-1772600400.1",
    "parked": "701",
    "alert": "17",
    "text": "'back in five'",
    "number": "5",
    "flag": "yes",
    "queue": "sales",
    "phone": "PJSIP/9001",
    "extension": "2001",
    "pause_reason": "Lunch",
}


def add_actions(app: typer.Typer, *words: str) -> None:
    """Give a noun's app the commands that the action table has under these words (`agent` → `agent pause` …)."""
    from ccops.desk.actions import TABLE

    for action in TABLE:
        if action.command[: len(words)] == words and len(action.command) == len(words) + 1:
            app.command(action.command[-1], help=action.help, epilog=_examples(action))(command_of(action))


def single(name: str) -> typer.Typer:
    """Return the app of an action that is a command of its own, such as `listen`."""
    from ccops.cmd.lazy import noun
    from ccops.desk.actions import TABLE

    app = noun()
    action = TABLE[name]
    app.command(name, help=action.help, epilog=_examples(action))(command_of(action))
    return app


def _examples(action: "Action") -> str:
    """Return examples made of the action's own arguments."""
    from ccops.cmd.lazy import examples

    words = ["ccops", *action.command, *([_SAMPLES[action.topic]] if action.topic in _SAMPLES else [])]
    for argument in action.arguments:
        sample = _SAMPLES[argument.kind]
        if argument.positional:
            words.append(sample)
        elif argument.required:
            words += ["--" + _parameter_name(argument).replace("_", "-"), sample]
    line = " ".join(words)
    more = [f"ccops {' '.join(action.command)} wait --all"] if action.topic == "alert" else []
    return examples(line, f"{line} --dry-run", f"{line} --yes --json", *more)


def command_of(action: "Action") -> Callable[..., Any]:
    """Return the typer command of one row of the table."""
    names = {_parameter_name(argument): argument.name for argument in action.arguments}

    def command(context: typer.Context, **given: Any) -> None:
        run = Run.of(context)
        arguments = {name: given.get(parameter) for parameter, name in names.items()}
        # What an agent's pause is for is both the PBX's reason and ours.
        reason = given.get("reason") or ""
        _act(run, action, given.get("target") or "", arguments, reason, given)

    parameters = list(_parameters(action))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = action.help
    return command


def _parameter_name(argument: "Argument") -> str:
    return "reason" if argument.kind == "pause_reason" else argument.name


def _parameters(action: "Action") -> Any:
    def parameter(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

    empty = inspect.Parameter.empty
    yield parameter("context", typer.Context, empty)
    if action.topic != "none":
        metavar = _TARGETS[action.topic]
        yield parameter(
            "target", Annotated[str, typer.Argument(metavar=metavar, help=_TARGET_HELP[action.topic])], empty
        )
    for argument in action.arguments:
        yield parameter(_parameter_name(argument), *_typed(argument))
    if not any(argument.kind == "pause_reason" for argument in action.arguments):
        yield parameter("reason", Annotated[str | None, typer.Option("--reason", help=_("Why, for the audit."))])
    if action.topic == "alert":
        yield parameter(
            "every", Annotated[bool, typer.Option("--all", help=_("All alerts of the rule that is named."))], False
        )
    yield parameter("yes", Annotated[bool, typer.Option("--yes", "-y", help=_("Do not ask."))], False)
    yield parameter(
        "dry_run", Annotated[bool, typer.Option("--dry-run", help=_("Only print what would be sent."))], False
    )
    yield parameter(
        "as_json", Annotated[bool, typer.Option("--json", help=_("Print the result as one object."))], False
    )


def _typed(argument: "Argument") -> tuple[Any, Any]:
    """Return annotation and default of an argument's parameter; what must be given and has no flag is positional."""
    metavar = argument.kind.replace("pause_reason", "reason").upper()
    help_ = argument.help[:1].upper() + argument.help[1:] + "."
    if argument.positional:
        return Annotated[str, typer.Argument(metavar=argument.name.upper(), help=help_)], inspect.Parameter.empty
    flag = "--" + _parameter_name(argument).replace("_", "-")
    kind: Any = str | None
    if argument.required:
        return Annotated[str, typer.Option(flag, metavar=metavar, help=help_)], inspect.Parameter.empty
    return Annotated[kind, typer.Option(flag, metavar=metavar, help=help_)], None


def _act(
    run: Run, action: "Action", target: str, arguments: Mapping[str, Any], reason: str, given: Mapping[str, Any]
) -> None:
    dry_run, yes = bool(given["dry_run"]), bool(given["yes"])

    async def work(desk: "Desk") -> "list[Outcome]":
        if action.harmful and not dry_run and not yes:
            _ask(run, desk, action, target, arguments)
        told = {name: value for name, value in arguments.items() if value is not None}
        targets = _alerts_of(desk, target) if given.get("every") else [target]
        return [await desk.do(action.name, one, reason=reason, dry_run=dry_run, **told) for one in targets]

    outcomes = run.with_desk(work, live=action.topic != "alert")
    if given["as_json"]:
        run.write(_json(outcomes[0]) if not given.get("every") else _json_of_all(action, outcomes))
        return
    for outcome in outcomes:
        run.write(_sendings(outcome) if dry_run else outcome.message + "\n")


def _alerts_of(desk: "Desk", rule: str) -> list[str]:
    """Return the numbers of the alerts of a rule that hold; raises NotFound where there are none."""
    found = [number for number, row in desk.board.alerts.items() if row.rule == rule]
    if not found:
        raise NotFound(
            _("rule with an alert that holds"), rule, sorted({row.rule for row in desk.board.alerts.values()})
        )
    return found


def _json_of_all(action: "Action", outcomes: "Sequence[Outcome]") -> str:
    import json

    record = {"action": action.name, "ok": all(outcome.ok for outcome in outcomes), "count": len(outcomes)}
    each = [json.loads(_json(outcome)) for outcome in outcomes]
    return json.dumps({**record, "outcomes": each}, ensure_ascii=False, indent=2) + "\n"


def _ask(run: Run, desk: "Desk", action: "Action", target: str, arguments: Mapping[str, Any]) -> None:
    """Ask before what harms, naming the target; without a terminal --yes must say it."""
    from ccops.desk import resolve
    from ccops.desk.table import target_label

    label = target_label(resolve.row(desk.board, action.topic, target)) or target
    told = " ".join(str(value) for value in arguments.values() if value)
    question = _("{title}: {label}{told}. Go on?").format(
        title=action.title, label=label, told=f" → {told}" if told else ""
    )
    if not run.environment.interactive:
        raise UsageProblem(
            _("{title} of {label} is not done unasked.").format(title=action.title, label=label), remedy=_("Add --yes.")
        )
    run.environment.stderr.write(question + " [y/N] ")
    run.environment.stderr.flush()
    if run.environment.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageProblem(_("Nothing was done."))


def _json(outcome: "Outcome") -> str:
    import json

    record = {"action": outcome.action, "ok": outcome.ok, "message": outcome.message, "target": outcome.target}
    record |= {"dry_run": outcome.dry_run, **outcome.data}
    if outcome.dry_run:
        record["sent"] = [dict(item) for item in outcome.sent]
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def _sendings(outcome: "Outcome") -> str:
    blocks = []
    for item in outcome.sent:
        lines = []
        for name, value in item.items():
            lines += [f"{name}: {text}" for text in ([value] if isinstance(value, str) else value)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n" if blocks else _("Nothing would be sent.") + "\n"
