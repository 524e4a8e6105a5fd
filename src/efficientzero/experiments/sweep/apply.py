"""Writes a study's best parameters into conf/, where the profile that was swept finds them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.composition import composed, composed_text, flat
from efficientzero.experiments.sweep.definition import Sweep
from efficientzero.parameters import ParameterError


def apply_best(values: Mapping[str, Any], sweep: Sweep, repository: Path) -> tuple[list[Path], list[str]]:
    """Writes values by dotted name into conf/ and composes params.yaml anew; comments in the files are kept.

    A value goes into the file of the swept profile if that sets it or is not the default profile; otherwise into the
    agent's own file, or wherever the default profile has it.

    Returns the files that were changed, and everything that is another value now, in every profile, a line each.

    Raises:
        ExperimentError: the values have no effect or are impossible there; then nothing is changed.
    """
    profiles = sorted(path.stem for path in (repository / "conf" / "profile").glob("*.yaml"))
    before = {each: flat(composed({"profile": each}, repository)) for each in profiles}
    profile = str(sweep.parameters["profile"])
    files = {name: _file(name, profile, repository / "conf") for name in values}
    written = repository / "params.yaml"
    texts = {path: path.read_text(encoding="utf-8") for path in (written, *files.values())}
    try:
        for name, value in values.items():
            files[name].write_text(_with_value(files[name], name, value), encoding="utf-8")
        after = {each: flat(composed({"profile": each}, repository)) for each in profiles}
        for name, value in values.items():
            if after[profile][name] != value:
                raise ExperimentError(f"{name}: another file of conf/ sets it after {files[name]}")
        written.write_text(composed_text({}, repository), encoding="utf-8")
    except (ExperimentError, ParameterError) as error:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        raise ExperimentError(
            f"the best parameters cannot be written to conf/, and nothing is changed: {error}"
        ) from None
    return [path for path, text in texts.items() if path.read_text(encoding="utf-8") != text], [
        f"profile {each}: {name} {before[each].get(name)} -> {value}"
        for each in profiles
        for name, value in after[each].items()
        if before[each].get(name) != value
    ]


def _file(name: str, profile: str, conf: Path) -> Path:
    """The file of conf/ in which a parameter of a profile is set."""
    own = conf / "profile" / f"{profile}.yaml"
    defaults = _loaded(conf / "config.yaml")["defaults"]
    default = next(each["profile"] for each in defaults if isinstance(each, dict) and "profile" in each)
    if profile != default or name in flat(_loaded(own)):
        return own
    kind, _, rest = name.partition(".")
    agent = conf / "agent" / f"{rest.partition('.')[0]}.yaml"
    return agent if kind == "agent" and agent.exists() else conf / "config.yaml"


def _loaded(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def _with_value(path: Path, name: str, value: Any) -> str:
    """The text of a file of conf/ with another value of a parameter; agents' files hold what is under their name."""
    text = path.read_text(encoding="utf-8")
    writer = YAML()
    # It would write nothing at all for null.
    writer.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    writer.preserve_quotes = True
    writer.width = 120
    writer.indent(mapping=2, sequence=4, offset=2)
    content = writer.load(text)
    parts = name.split(".")
    section = content
    for part in parts[2:-1] if path.parent.name == "agent" else parts[:-1]:
        section = section.setdefault(part, {})
    section[parts[-1]] = value
    output = io.StringIO()
    writer.dump(content, output)
    return output.getvalue()
