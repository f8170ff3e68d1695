"""CloudFormation templates as plain Python values: short tags become their long forms, as CloudFormation itself reads them."""
import functools
import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "cloudformation"
ORDER = ["queues", "network", "roles", "secondary-account", "service", "alarms"]
WITHOUT_PREFIX = {"Ref", "Condition"}


class Loader(yaml.SafeLoader):
    """YAML with the tags of CloudFormation; a name that stands twice in a mapping is a fault, where YAML would take the last."""


def long_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in WITHOUT_PREFIX else f"Fn::{suffix}": value}


def mapping(loader, node):
    names = [loader.construct_object(key) for key, _ in node.value]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"stands twice: {sorted(twice)}", node.start_mark)
    return loader.construct_mapping(node, deep=True)


Loader.add_multi_constructor("!", long_form)
Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


def parse(text):
    return yaml.load(text, Loader=Loader)


@functools.cache
def load(name):
    """The same object each time: whoever changes it takes a copy."""
    return parse((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def load_all():
    return {name: load(name) for name in ORDER}


def walk(value):
    """Every (name, value) of every mapping below."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)
