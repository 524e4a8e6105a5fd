"""Counts what is executed: the script that starts every stage notes it."""

from experiments.checkouts import run


def note_commands(checkout, notes, also=":"):
    """Commits a `stages/run` that writes each command it starts to the file `notes`, and then does `also`."""
    script = checkout / "stages" / "run"
    start = 'exec "$python"'
    text = script.read_text()
    assert text.count(start) == 1
    script.write_text(text.replace(start, f'echo "$stage $*" >> {notes}\n{also}\n{start}'))
    run(checkout, "git", "commit", "-qam", "note what is executed")
    notes.touch()
    return notes


def noted_commands(notes):
    return [line.strip() for line in notes.read_text().splitlines()]
