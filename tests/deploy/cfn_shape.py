"""Faults of a template that can be told without its parameters' values: names that lead nowhere, what is declared and never used."""
import re

from cfn_resolve import PSEUDO, parameter_fault
from cfn_template import walk
from cfn_types import faults_of_resource

SECTIONS = {"AWSTemplateFormatVersion", "Description", "Parameters", "Rules", "Conditions", "Resources", "Outputs"}


def names_in_subs(template):
    for name, value in walk(template):
        if name == "Fn::Sub":
            yield from re.findall(r"\$\{([^!}]+)\}", value)


def refs(template):
    """Names that are asked for by Ref, GetAtt or within a Sub."""
    for name, value in walk(template):
        if name == "Ref":
            yield value
        elif name == "Fn::GetAtt":
            yield value[0]
        elif name == "Fn::ValueOf":
            yield value[0]
        elif name == "DependsOn":
            yield value
    for name in names_in_subs(template):
        yield name.split(".")[0]


def conditions_used(template):
    for name, value in walk(template):
        if name == "Fn::If":
            yield value[0]
        elif name == "Condition" and isinstance(value, str):
            yield value


def exports(template):
    return [output["Export"]["Name"]["Fn::Sub"].replace("${AWS::StackName}", "") for output in template.get("Outputs", {}).values() if "Export" in output]


def imports(template):
    """(parameter that names the stack, the rest of the export's name)"""
    for name, value in walk(template):
        if name == "Fn::ImportValue":
            yield re.fullmatch(r"\$\{([A-Za-z]+)\}(-[A-Za-z]+)", value["Fn::Sub"]).groups()


def faults_of_names(template):
    parameters, resources, conditions = (set(template.get(part, {})) for part in ("Parameters", "Resources", "Conditions"))
    known = parameters | resources | set(PSEUDO) | {"AWS::NoValue"}
    faults = [f"{name} leads nowhere" for name in sorted(set(refs(template)) - known)]
    faults += [f"parameter {name} is never used" for name in sorted(parameters - set(refs(template)))]
    used = set(conditions_used(template))
    faults += [f"condition {name} is not declared" for name in sorted(used - conditions)]
    return faults + [f"condition {name} is never used" for name in sorted(conditions - used)]


def faults_of_parameter(name, spec):
    faults = []
    if not spec.get("Description", "").endswith("."):
        faults.append(f"parameter {name}: a description is a sentence")
    if ("AllowedPattern" in spec or "MinValue" in spec) and not spec.get("ConstraintDescription"):
        faults.append(f"parameter {name}: who gives a wrong value is told a pattern alone")
    if spec["Type"] == "String" and not {"AllowedPattern", "AllowedValues"} & set(spec):
        faults.append(f"parameter {name}: takes anything")
    if "Default" in spec and parameter_fault(name, spec, spec["Default"]):
        faults.append(f"parameter {name}: its own default is refused")
    return faults


def faults(template):
    found = [f"section {name} is unknown" for name in sorted(set(template) - SECTIONS)]
    found += faults_of_names(template)
    for name, spec in template.get("Parameters", {}).items():
        found += faults_of_parameter(name, spec)
    for name, resource in template["Resources"].items():
        found += faults_of_resource(name, resource)
    for name, output in template.get("Outputs", {}).items():
        if not output.get("Description"):
            found.append(f"output {name} is not described")
    return found
