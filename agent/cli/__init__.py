"""The `thymos` command: parses arguments, calls one function, prints what it returns.

Commands are registered by import path and loaded when they are run, so that `thymos --help` stays
fast. A `ThymosError` becomes its sentence on standard error and its exit code; anything else is our bug
and keeps its traceback.
"""

import sys
from importlib.metadata import version

from cyclopts import App

from thymos.prompts.errors import ThymosError

INTERRUPTED = 130  # exit code of a process ended by Ctrl-C, by shell convention

app = App(
    name="thymos",
    help="Label emotion in text, voice, face and body with an instruction-tuned LLM, offline, on an ordinary computer.",
    help_epilogue="Start with: thymos label reviews.csv -o labelled.csv --taxonomy ekman",
    version=version("thymos"),
    default_parameter=None,
)
app.command("thymos.agent.cli.label:command", name="label", help="Label every row of a corpus.")
app.command("thymos.agent.cli.ask:ask", name="ask", help="Ask what a text expresses, and why.")
app.command("thymos.agent.cli.record:record", help="Record a voice by the microphone, or take a picture of a face.")
app.command("thymos.agent.cli.chat:chat", help="Talk about what people feel, and why; conversations are kept.")
app.command("thymos.agent.cli.serve:command", name="serve", help="Serve a page and an API.")
app.command("thymos.agent.cli.synth:command", name="synth", help="Write labelled text for training.")
app.command("thymos.agent.cli.show:show", help="Print the first rows of a labelled file as a table.")
app.command("thymos.agent.cli.eval:evaluate", name="eval", help="Score labels against a gold column.")
app.command("thymos.agent.cli.augment_eval:augment_eval", help="Measure whether synthetic rows help.")
app.command("thymos.agent.cli.finetune:finetune", name="finetune", help="Tune a model on labelled corpora.")
app.command("thymos.agent.cli.crossval:crossval", help="Train and score a recipe fold by fold.")
app.command("thymos.agent.cli.adapters:command", name="adapters", help="List, show, merge and publish adapters.")
app.command(
    "thymos.agent.cli.encoders:command", name="encoders", help="List encoders of voice, face and body, or train one."
)
app.command("thymos.agent.cli.kb:command", name="kb", help="Search the knowledge base, and add documents to it.")
app.command("thymos.agent.cli.models:models", help="List the models that can be used here, and why others cannot.")
app.command("thymos.agent.cli.taxonomies:taxonomies", help="List label sets, show one, or check your own YAML file.")
app.command("thymos.agent.cli.doctor:doctor", help="Tell versions, processor, memory and weights in one screen.")


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        _help_by_docstring(sys.argv[1] if len(sys.argv) > 1 else "")
        app()
    except ThymosError as error:
        sys.stderr.write(f"thymos: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _help_by_docstring(command: str) -> None:
    """Let a command's own `--help` show its whole docstring; the one-line helps above are for the list."""
    if not command.startswith("-") and command in app:
        app[command].help = None
        app[command].help_epilogue = app[command].help_epilogue or ""  # its own, not the one above
