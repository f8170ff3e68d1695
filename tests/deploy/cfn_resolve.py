"""What CloudFormation would make of a template and its parameters, for the functions that ours use. Refuses what CloudFormation refuses before it makes
anything: parameters by their constraints, and rules."""
import re

REGION = "eu-west-1"
ACCOUNT = "123456789012"
PSEUDO = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com", "AWS::StackName": "stack"}
NOTHING = object()  # AWS::NoValue: whatever holds it is left out


class Refused(Exception):
    """Nothing would be made: the message says why."""


def parameter_fault(name, spec, value):
    words = spec.get("ConstraintDescription", "")
    if "AllowedValues" in spec and str(value) not in [str(allowed) for allowed in spec["AllowedValues"]]:
        return f"{name}: one of {spec['AllowedValues']}"
    if spec["Type"] == "Number":
        if not re.fullmatch(r"-?[0-9]+", str(value)):
            return f"{name}: a number; {words}"
        if not int(spec.get("MinValue", value)) <= int(value) <= int(spec.get("MaxValue", value)):
            return f"{name}: {words}"
    if "AllowedPattern" in spec and not re.fullmatch(spec["AllowedPattern"], str(value)):
        return f"{name}: {words}"
    if len(str(value)) > int(spec.get("MaxLength", 10_000)):
        return f"{name}: {words}"
    return None


class Stack:
    """One template with its parameters. `vpc_of` tells which VPC a subnet is of, as CloudFormation's rules can ask."""

    def __init__(self, template, given=None, exports=None, vpc_of=None):
        self.template, self.exports, self.vpc_of = template, exports or {}, vpc_of or {}
        self.parameters = self.take(given or {})
        self.check_rules()
        self.resources = self.kept("Resources")
        self.outputs = self.kept("Outputs")

    def take(self, given):
        specs = self.template.get("Parameters", {})
        unknown = sorted(set(given) - set(specs))
        if unknown:
            raise Refused(f"no such parameters: {unknown}")
        values = {}
        for name, spec in specs.items():
            value = given.get(name, spec.get("Default"))
            if value is None:
                raise Refused(f"{name}: must have a value")
            fault = parameter_fault(name, spec, value)
            if fault:
                raise Refused(fault)
            is_list = spec["Type"].startswith("List<")
            values[name] = str(value).split(",") if is_list else str(value)
        return values

    def check_rules(self):
        for rule in self.template.get("Rules", {}).values():
            if "RuleCondition" in rule and not self.value(rule["RuleCondition"]):
                continue
            for assertion in rule["Assertions"]:
                if not self.value(assertion["Assert"]):
                    raise Refused(assertion["AssertDescription"])

    def kept(self, section):
        parts = self.template.get(section, {})
        return {name: self.value({key: inner for key, inner in part.items() if key != "Condition"})
                for name, part in parts.items() if "Condition" not in part or self.condition(part["Condition"])}

    def condition(self, name):
        return self.value(self.template["Conditions"][name])

    def value(self, node):
        if isinstance(node, list):
            return [inner for inner in map(self.value, node) if inner is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, argument), = node.items()
            if name in FUNCTIONS:
                return FUNCTIONS[name](self, argument)
        return {name: inner for name, inner in ((name, self.value(inner)) for name, inner in node.items()) if inner is not NOTHING}

    def reference(self, name):
        if name == "AWS::NoValue":
            return NOTHING
        if name in PSEUDO:
            return PSEUDO[name]
        return self.parameters[name] if name in self.parameters else f"<{name}>"

    def substituted(self, text):
        return re.sub(r"\$\{([^!}]+)\}", lambda found: self.named(found.group(1)), text)

    def named(self, name):
        return f"<{name}>" if "." in name else str(self.reference(name))

    def imported(self, argument):
        name = self.value(argument)
        if name not in self.exports:
            raise Refused(f"no stack exports {name}")
        return self.exports[name]


def chosen(stack, argument):
    return stack.value(argument[1 if stack.condition(argument[0]) else 2])


def each_equals(stack, argument):
    return all(member == stack.value(argument[1]) for member in stack.value(argument[0]))


FUNCTIONS = {
    "Ref": Stack.reference,
    "Condition": lambda stack, name: stack.condition(name) if isinstance(name, str) else {"Condition": stack.value(name)},
    "Fn::Sub": Stack.substituted,
    "Fn::GetAtt": lambda stack, argument: f"<{'.'.join(argument)}>",
    "Fn::If": chosen,
    "Fn::Split": lambda stack, argument: stack.value(argument[1]).split(argument[0]),
    "Fn::Equals": lambda stack, argument: stack.value(argument[0]) == stack.value(argument[1]),
    "Fn::Not": lambda stack, argument: not stack.value(argument[0]),
    "Fn::And": lambda stack, argument: all(stack.value(inner) for inner in argument),
    "Fn::Or": lambda stack, argument: any(stack.value(inner) for inner in argument),
    "Fn::ImportValue": Stack.imported,
    "Fn::ValueOf": lambda stack, argument: [stack.vpc_of.get(subnet, "") for subnet in stack.parameters[argument[0]]],
    "Fn::EachMemberEquals": each_equals,
}
