"""Asks a program and PyYAML and Jinja2 how files read, and prints where they differ: compare.py PROGRAM FOLDER."""

import ast
import json
import os
import subprocess
import sys
import tempfile

import yaml
from jinja2 import TemplateError
from jinja2.nativetypes import NativeEnvironment

# Keywords of tasks whose texts are bare expressions.
CONDITIONS = {"when", "changed_when", "failed_when", "until", "that", "break_when"}
# Documents whose meaning differs on purpose, see docs/differences.md.
ON_PURPOSE = ("could not determine a constructor for the tag 'tag:yaml.org,2002:value'", "recursive")


class Loader(yaml.CSafeLoader):
    """PyYAML's loader with Ansible's tags."""


for tag in ("!vault", "!vault-encrypted", "!unsafe"):
    Loader.add_constructor(
        tag, lambda loader, node: Loader.construct_object(loader, untagged(node), deep=True))


def untagged(node):
    """The node as it would be without its own tag; text stays text."""
    kind = {yaml.ScalarNode: "str", yaml.SequenceNode: "seq", yaml.MappingNode: "map"}[type(node)]
    return type(node)(f"tag:yaml.org,2002:{kind}", node.value, node.start_mark, node.end_mark)


class Everything(dict):
    """Has every filter and test, so that only syntax is wrong."""

    def __contains__(self, name):
        return True

    def __missing__(self, name):
        return lambda *args, **kwargs: None

    def get(self, name, default=None):
        return self[name]


def environment(**overrides):
    made = NativeEnvironment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], **overrides)
    made.filters, made.tests = Everything(), Everything()
    return made


def overrides(text):
    """The options of a `#jinja2:` header, and the text below it."""
    if not text.startswith("#jinja2:"):
        return {}, text
    line, _, rest = text.partition("\n")
    pairs = (pair.split(":", 1) for pair in line[len("#jinja2:"):].split(","))
    options = {key.strip(): ast.literal_eval(value.strip()) for key, value in pairs}
    for key, value in options.items():
        wanted = bool if key in ("trim_blocks", "lstrip_blocks", "keep_trailing_newline") else str
        if not isinstance(value, wanted):
            raise SyntaxError(f"{key} is a {type(value).__name__}")
    return options, rest


def jinja(kind, text):
    try:
        if kind == "expression":
            environment().compile_expression(text)
        elif kind == "file":
            options, text = overrides(text)
            environment(**{"trim_blocks": True} | options).compile(text)
        else:
            environment(trim_blocks=True).compile(text)
    except (TemplateError, SyntaxError) as error:
        return str(error)
    return None


def strings(value, found):
    """Every template and condition in the value."""
    if isinstance(value, str):
        if "{{" in value or "{%" in value or "{#" in value:
            found.add(("value", value))
    elif isinstance(value, list):
        for item in value:
            strings(item, found)
    elif isinstance(value, dict):
        for key, item in value.items():
            strings(key, found)
            strings(item, found)
            if isinstance(key, str) and key in CONDITIONS:
                for text in item if isinstance(item, list) else [item]:
                    if isinstance(text, str) and "{{" not in text and "{%" not in text:
                        found.add(("expression", text))


def files(folder):
    for path, folders, names in os.walk(folder):
        folders.sort()
        yield from (os.path.join(path, name) for name in sorted(names))


def documentation(path):
    """The YAML in a plugin: what it says of itself."""
    with open(path, encoding="utf-8") as file:
        for statement in ast.parse(file.read()).body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
                name = getattr(statement.targets[0], "id", None)
                if name in ("DOCUMENTATION", "EXAMPLES", "RETURN") and isinstance(statement.value.value, str):
                    yield statement.value.value


def load(text, texts):
    """What PyYAML reads; the templates in it are added to `texts`."""
    try:
        documents = list(yaml.load_all(text, Loader))
    except (yaml.YAMLError, ValueError) as error:
        return {"error": str(error)}
    strings(documents, texts)
    return {"repr": repr(documents)}


def gather(folder):
    """The questions, and what the reference answers: `repr`, or `error`."""
    questions, answers, texts = [], [], set()
    for path in files(folder):
        if path.endswith((".yml", ".yaml")):
            questions.append({"yaml": path})
            with open(path, "rb") as file:
                answers.append(load(file.read(), texts))
        elif path.endswith(".py"):
            for text in documentation(path):
                questions.append({"document": text})
                answers.append(load(text, texts))
        elif path.endswith(".j2"):
            with open(path, encoding="utf-8", newline="") as file:
                texts.add(("file", file.read()))
    for kind, text in sorted(texts):
        questions.append({kind: text})
        error = jinja(kind, text)
        answers.append({} if error is None else {"error": error})
    return questions, answers


def ask(program, questions):
    with tempfile.TemporaryFile("w+") as asked:
        asked.writelines(json.dumps(question) + "\n" for question in questions)
        asked.seek(0)
        done = subprocess.run([program], stdin=asked, stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main(program, folder):
    questions, wanted = gather(folder)
    got = ask(program, questions)
    if len(got) != len(wanted):
        sys.exit(f"{len(questions)} questions have {len(got)} answers")
    failed = refused = 0
    for question, theirs, ours in zip(questions, wanted, got):
        if "error" in ours and ("No filter named" in ours["error"] or "No test named" in ours["error"]):
            ours = {}
        refused += "error" in theirs
        both_fail = "error" in ours and "error" in theirs
        if both_fail or ours == theirs or any(why in theirs.get("error", "") for why in ON_PURPOSE):
            continue
        failed += 1
        (kind, what), = question.items()
        print(f"{kind} {what if kind == 'yaml' else repr(what[:2000])}")
        print(f"    reference {str(theirs)[:600]}\n    here      {str(ours)[:600]}")
    kinds = {kind: sum(kind in question for question in questions) for kind in ("yaml", "document", "value", "expression", "file")}
    print("read " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()) + f"; {refused} of them are refused by both")
    print(f"{len(questions) - failed} passed, {failed} failed")
    sys.exit(failed > 0 or not questions)


main(*sys.argv[1:])
