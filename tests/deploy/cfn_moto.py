"""A moto_server of a test's own on 127.0.0.1, and the few calls of AWS that the test asks of it. No SDK: standard library alone."""
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

from cfn_resolve import NOTHING, REGION, Stack
from cfn_template import load

START_SECONDS_MAX = 60
CALL_SECONDS_MAX = 60
VERSIONS = {"cloudformation": "2010-05-15", "ec2": "2016-11-15", "sqs": "2012-11-05", "iam": "2010-05-08"}


def found():
    return shutil.which("moto_server") is not None


def without_nothing(stack, node):
    """Moto keeps AWS::NoValue in a list as a null, which CloudFormation leaves out: such choices are made here, all else is left to moto."""
    if isinstance(node, list):
        return [without_nothing(stack, inner) for inner in node if not is_nothing(stack, inner)]
    if not isinstance(node, dict):
        return node
    if "Fn::If" in node and {"Ref": "AWS::NoValue"} in node["Fn::If"]:
        return without_nothing(stack, node["Fn::If"][1 if stack.condition(node["Fn::If"][0]) else 2])
    return {name: without_nothing(stack, inner) for name, inner in node.items()}


def is_nothing(stack, node):
    return isinstance(node, dict) and "Fn::If" in node and {"Ref": "AWS::NoValue"} in node["Fn::If"] and stack.value(node) is NOTHING


class Told(Exception):
    """What the server answered in place of what was asked."""


class Moto:
    """Runs from construction to close(). One thread."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # Unbuffered, so that the line that says it listens comes when it does; a group of its own, since a wrapper may start the server as a child.
        self.process = subprocess.Popen(["moto_server", "-H", "127.0.0.1", "-p", str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}, start_new_session=True)
        self.reader = None
        if not self.listens():
            self.close()
            raise Told(f"moto_server did not listen within {START_SECONDS_MAX} s")
        # Read on, or its log would fill the pipe and hold it up.
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()

    def listens(self):
        """False where it ends before that, or is ended for taking too long."""
        late = threading.Timer(START_SECONDS_MAX, self.end)
        late.start()
        try:
            return any("Running on" in line for line in self.process.stderr)
        finally:
            late.cancel()

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)

    def close(self):
        self.end()
        self.process.wait(START_SECONDS_MAX)
        if self.reader:
            self.reader.join(START_SECONDS_MAX)
        self.process.stderr.close()

    def post(self, service, body, **headers):
        scope = f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=00"
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", body, {"Authorization": scope, **headers})
        try:
            with urllib.request.urlopen(request, timeout=CALL_SECONDS_MAX) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise Told(error.read().decode(errors="replace")) from None

    def call(self, service, action, **members):
        """By the Query protocol: the answer's XML without its namespaces."""
        form = urllib.parse.urlencode({"Action": action, "Version": VERSIONS[service], **members}).encode()
        root = xml.etree.ElementTree.fromstring(self.post(service, form))
        for node in root.iter():
            node.tag = node.tag.rpartition("}")[2]
        return root

    def call_json(self, service, target, **members):
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
        return json.loads(self.post(service, json.dumps(members).encode(), **headers))

    def apply(self, action, name, template, given, stack, **more):
        members = {"StackName": name, "TemplateBody": json.dumps(without_nothing(stack, load(template))), "Capabilities.member.1": "CAPABILITY_NAMED_IAM"}
        for number, (key, value) in enumerate(given.items(), 1):
            members[f"Parameters.member.{number}.ParameterKey"] = key
            members[f"Parameters.member.{number}.ParameterValue"] = value
        return self.call("cloudformation", action, **members, **more)

    def second_apply(self, name, template, given, stack):
        """What `aws cloudformation deploy` does: a change set, and the reason why there is nothing to execute."""
        self.apply("CreateChangeSet", name, template, given, stack, ChangeSetName="again", ChangeSetType="UPDATE")
        answer = self.call("cloudformation", "DescribeChangeSet", StackName=name, ChangeSetName="again")
        self.call("cloudformation", "DeleteChangeSet", StackName=name, ChangeSetName="again")
        return answer.findtext(".//Status"), answer.findtext(".//StatusReason")

    def resources(self, name):
        """logical id -> physical id"""
        answer = self.call("cloudformation", "DescribeStackResources", StackName=name)
        return {one.findtext("LogicalResourceId"): one.findtext("PhysicalResourceId") for one in answer.iter("member")
                if one.find("LogicalResourceId") is not None}

    def outputs(self, name):
        answer = self.call("cloudformation", "DescribeStacks", StackName=name)
        return {one.findtext("OutputKey"): one.findtext("OutputValue") for one in answer.iter("member") if one.find("OutputKey") is not None}

    def status(self, name):
        return self.call("cloudformation", "DescribeStacks", StackName=name).find(".//StackStatus").text
