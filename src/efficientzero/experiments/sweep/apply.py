"""Writes a study's best parameters into conf/, where the profile that was swept finds them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML

from efficientzero.experiments.composition import composed, composed_text, flat
from efficientzero.experiments.sweep.definition import Sweep, SweepError
from efficientzero.parameters import ParameterError


@dataclass(frozen=True)
class Change:
    """A parameter that another value was written for: where, and what a profile had and has."""

    profile: str
    name: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"profile {self.profile}: {self.name} {self.before} -> {self.after}"


def apply_best(values: Mapping[str, Any], sweep: Sweep, repository: Path) -> tuple[list[Path], list[Change]]:
    """Writes values by dotted name into conf/ and composes params.yaml anew; comments in the files are kept.

    A value goes into the file of the swept profile if that sets it or is not the default profile; otherwise into the
    agent's own file, or wherever the default profile has it.

    Returns the files that were changed, and everything that is another value now, in every profile.

    Raises:
        SweepError: the values have no effect or are impossible there; then nothing is changed.
    """
    conf = repository / "conf"
    profiles = sorted(path.stem for path in (conf / "profile").glob("*.yaml"))
    before = {profile: flat(composed({"profile": profile}, repository)) for profile in profiles}
    profile = str(sweep.parameters["profile"])
    texts: dict[Path, str] = {repository / "params.yaml": (repository / "params.yaml").read_text(encoding="utf-8")}
    for name in values:
        path = _file(name, profile, repository)
        texts.setdefault(path, path.read_text(encoding="utf-8"))
    try:
        for name, value in values.items():
            path = _file(name, profile, repository)
            path.write_text(_with_value(path, name, value), encoding="utf-8")
        after = {each: flat(composed({"profile": each}, repository)) for each in profiles}
        for name, value in values.items():
            if after[profile][name] != value:
                raise SweepError(f"{name}: another file of conf/ sets it after {_file(name, profile, repository)}")
        (repository / "params.yaml").write_text(composed_text({}, repository), encoding="utf-8")
    except (SweepError, ParameterError) as error:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        raise SweepError(f"the best parameters cannot be written to conf/, and nothing is changed: {error}") from None
    changed = [path for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
    return changed, [change for each in profiles for change in _changes(each, before[each], after[each])]


def _changes(profile: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for name, value in after.items():
        if before.get(name) != value:
            yield Change(profile, name, before.get(name), value)


def _file(name: str, profile: str, repository: Path) -> Path:
    """The file of conf/ in which a parameter of a profile is set."""
    conf = repository / "conf"
    own = conf / "profile" / f"{profile}.yaml"
    if profile != _default_profile(conf) or _holds(own, name):
        return own
    kind, _, rest = name.partition(".")
    agent = conf / "agent" / f"{rest.partition('.')[0]}.yaml"
    return agent if kind == "agent" and agent.exists() else conf / "config.yaml"


def _default_profile(conf: Path) -> str:
    defaults = yaml.safe_load((conf / "config.yaml").read_text(encoding="utf-8"))["defaults"]
    return str(next(each["profile"] for each in defaults if isinstance(each, dict) and "profile" in each))


def _holds(path: Path, name: str) -> bool:
    return name in flat(yaml.safe_load(path.read_text(encoding="utf-8")))


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
