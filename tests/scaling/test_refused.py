"""Every reason that an estimator names is there, with the facts that its sentence needs, and none is left over."""

import ast
from string import Formatter

from import_graph import PACKAGE

from efficientzero.scaling.refused import REASONS


def named():
    """Of every call of `Refused.because`: the codes that stand in it, and the facts; None among them if unpacked."""
    for path in sorted((PACKAGE / "scaling").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "because":
                facts = {keyword.arg for keyword in node.keywords}
                codes = [each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)]
                yield codes, facts


def test_reasons_are_those_that_are_named():
    text = "".join(path.read_text("utf-8") for path in (PACKAGE / "scaling").rglob("*.py") if path.stem != "refused")
    assert all(f'"{code}"' in text for code in REASONS)
    assert all(code in REASONS for codes, _ in named() for code in codes)


def test_a_sentence_has_its_facts():
    for codes, facts in named():
        for code in codes:
            wanted = {name.split("[")[0].split(".")[0] for _, name, _, _ in Formatter().parse(REASONS[code]) if name}
            assert None in facts or wanted == facts, code


def test_reasons_are_clauses():
    for code, sentence in REASONS.items():
        assert not sentence.endswith(".") and "\n" not in sentence, code
