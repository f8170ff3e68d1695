"""A small AWS that keeps what the scripts of deploy/aws-cli make: STS, SQS, EC2, Redshift, IAM and CloudWatch, in the protocols that CLI v1 and v2
speak (query, SQS's JSON, CloudWatch's CBOR and JSON). Only the calls that the scripts use; any other is an error that names it. It checks no signature:
region and service come from the request's credential scope. `writes` has the writing calls, in order."""

import http.server
import json
import re
import threading
import urllib.parse
from xml.sax.saxutils import escape

import cli_cbor

ACCOUNT, OTHER_ACCOUNT = "123456789012", "210987654321"
REGIONS = ("us-east-1", "us-west-2", "ap-south-1")
NETWORK = {"vpc-0b0b0b0b0b0b0b0b0": ACCOUNT, "vpc-0aaaaaaaaaaaaaaa0": OTHER_ACCOUNT}
SUBNETS = {"subnet-0b0b0b0b0b0b0b0b0": "vpc-0b0b0b0b0b0b0b0b0", "subnet-0b0b0b0b0b0b0b0b1": "vpc-0b0b0b0b0b0b0b0b0", "subnet-0aaaaaaaaaaaaaaa0": "vpc-0aaaaaaaaaaaaaaa0"}
READING = ("Get", "Describe")


class Refused(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def listed(form, prefix):
    """prefix.1, prefix.2, ... of a query form."""
    found = []
    while f"{prefix}.{len(found) + 1}" in form:
        found.append(form[f"{prefix}.{len(found) + 1}"])
    return found


def xml(value):
    """A dict, list or text as elements; a list's members under its key's own `item` name (a pair: name, list)."""
    if isinstance(value, dict):
        return "".join(f"<{k}>{xml(v)}</{k}>" for k, v in value.items())
    if isinstance(value, tuple):
        return "".join(f"<{value[0]}>{xml(v)}</{value[0]}>" for v in value[1])
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


class World:
    """What AWS holds. One lock: the server answers in threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.writes, self.calls = [], []
        self.queues, self.policies, self.alarms = {}, {}, {}
        self.endpoints, self.managed = {}, {}
        self.groups = {"sg-0b0b0b0b0b0b0b0b0": {"vpc": "vpc-0b0b0b0b0b0b0b0b0", "rules": []}}
        self.principals = {"role/twinshift", "user/twinshift"}
        self.clusters = {("us-east-1", "primary-cluster"), ("us-east-1", "secondary-cluster"), ("ap-south-1", "mumbai-cluster")}
        self.offered = {"redshift-data", "sqs", "redshift", "sts"}

    def answer(self, service, region, operation, form):
        if region not in REGIONS:
            raise Refused("InvalidClientTokenId", f"no such region: {region}", 403)
        with self.lock:
            self.calls.append(operation)
            call = getattr(self, f"{service}_{operation}", None)
            if call is None:
                raise Refused("InvalidAction", f"the stand-in has no {service} {operation}")
            reply = call(form, region)
            if not operation.startswith(READING):
                self.writes.append(operation)
            return reply

    def sts_GetCallerIdentity(self, _form, _region):
        return {"UserId": "AIDA", "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/engineer"}

    # SQS: forms are those of JSON
    def sqs_GetQueueAttributes(self, form, region):
        name = (region, form["QueueUrl"].rsplit("/", 1)[1])
        if name not in self.queues:
            raise Refused("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
        return {"Attributes": self.queues[name]}

    def sqs_CreateQueue(self, form, region):
        self.queues[region, form["QueueName"]] = {"VisibilityTimeout": "30", **form["Attributes"]}
        return {"QueueUrl": f"http://sqs/{ACCOUNT}/{form['QueueName']}"}

    def sqs_SetQueueAttributes(self, form, region):
        self.queues[region, form["QueueUrl"].rsplit("/", 1)[1]].update(form["Attributes"])
        return {}

    def ec2_DescribeVpcs(self, form, region):
        (vpc,) = listed(form, "VpcId")
        if vpc not in NETWORK or region != "us-east-1":
            raise Refused("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")
        return {"vpcSet": ("item", [{"vpcId": vpc, "ownerId": NETWORK[vpc], "cidrBlock": "10.0.0.0/16",
                                      "cidrBlockAssociationSet": ("item", [{"cidrBlock": "10.0.0.0/16"}])}])}

    def ec2_DescribeSubnets(self, form, _region):
        return {"subnetSet": ("item", [{"subnetId": s, "vpcId": SUBNETS[s]} for s in listed(form, "SubnetId")])}

    def ec2_DescribeSecurityGroups(self, form, _region):
        (group,) = listed(form, "GroupId")
        if group not in self.groups:
            raise Refused("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
        rules = [{"ipProtocol": "tcp", "fromPort": p, "toPort": p, "ipRanges": ("item", [{"cidrIp": c}])} for p, c in self.groups[group]["rules"]]
        return {"securityGroupInfo": ("item", [{"groupId": group, "vpcId": self.groups[group]["vpc"], "ipPermissions": ("item", rules)}])}

    def ec2_AuthorizeSecurityGroupIngress(self, form, _region):
        rule = form["IpPermissions.1.FromPort"], form["IpPermissions.1.IpRanges.1.CidrIp"]
        self.groups[form["GroupId"]]["rules"].append(rule)
        return {"return": True}

    def ec2_DescribeVpcEndpointServices(self, form, region):
        names = listed(form, "ServiceName")
        for name in names:
            if name not in {f"com.amazonaws.{region}.{s}" for s in self.offered}:
                raise Refused("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
        return {"serviceNameSet": ("item", names)}

    def ec2_DescribeVpcEndpoints(self, form, _region):
        wanted = listed(form, "VpcEndpointId")
        if any(w not in self.endpoints for w in wanted):
            raise Refused("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{wanted[0]}' does not exist")
        return {"vpcEndpointSet": ("item", [e for i, e in self.endpoints.items() if not wanted or i in wanted])}

    def ec2_CreateVpcEndpoint(self, form, _region):
        number = f"vpce-{len(self.endpoints) + 1:017x}"
        self.endpoints[number] = {
            "vpcEndpointId": number, "serviceName": form["ServiceName"], "state": "available", "privateDnsEnabled": form["PrivateDnsEnabled"],
            "subnetIdSet": ("item", listed(form, "SubnetId")), "groupSet": ("item", [{"groupId": g} for g in listed(form, "SecurityGroupId")]),
            "dnsEntrySet": ("item", [{"dnsName": f"{number}.{form['ServiceName'].rsplit('.', 1)[1]}.us-east-1.vpce.amazonaws.com"}])}
        return {"vpcEndpoint": self.endpoints[number]}

    def ec2_ModifyVpcEndpoint(self, form, _region):
        self.endpoints[form["VpcEndpointId"]]["subnetIdSet"][1].extend(listed(form, "AddSubnetId"))
        return {"return": True}

    def ec2_DeleteVpcEndpoints(self, form, _region):
        for number in listed(form, "VpcEndpointId"):
            del self.endpoints[number]
        return {"unsuccessful": ""}

    def redshift_DescribeClusters(self, form, region):
        cluster = form["ClusterIdentifier"]
        if (region, cluster) not in self.clusters:
            raise Refused("ClusterNotFound", f"Cluster {cluster} not found.", 404)
        return {"Clusters": ("Cluster", [{"ClusterIdentifier": cluster, "ClusterStatus": "available"}])}

    def redshift_DescribeEndpointAccess(self, form, _region):
        name = form["EndpointName"]
        if name not in self.managed:
            raise Refused("EndpointNotFound", f"Endpoint {name} not found.", 404)
        return {"EndpointAccessList": ("member", [self.managed[name]])}

    def redshift_CreateEndpointAccess(self, form, _region):
        name = form["EndpointName"]
        self.managed[name] = {"ClusterIdentifier": form["ClusterIdentifier"], "EndpointName": name, "EndpointStatus": "active", "Port": 5439,
                              "Address": f"{name}-endpoint-fxsovvcwarpoattqgxt0.churfikvu1nn.us-east-1.redshift.amazonaws.com"}
        return self.managed[name]

    def redshift_DeleteEndpointAccess(self, form, _region):
        """As AWS does it: for minutes it is there still, and is not deleted twice."""
        endpoint = self.managed[form["EndpointName"]]
        if endpoint["EndpointStatus"] != "active":
            raise Refused("InvalidEndpointStateFault", "The endpoint is not in a state that allows this.")
        endpoint["EndpointStatus"] = "deleting"
        return endpoint

    def iam_get(self, kind, form):
        if f"{kind.lower()}/{form[kind + 'Name']}" not in self.principals:
            raise Refused("NoSuchEntity", f"The {kind.lower()} with name {form[kind + 'Name']} cannot be found.", 404)
        return {kind: {kind + "Name": form[kind + "Name"], "Path": "/", kind + "Id": "AIDA", "Arn": "arn", "CreateDate": "2026-01-01T00:00:00Z"}}

    def iam_GetRole(self, form, _region):
        return self.iam_get("Role", form)

    def iam_GetRolePolicy(self, form, _region):
        key = form["RoleName"], form["PolicyName"]
        if key not in self.policies:
            raise Refused("NoSuchEntity", f"The role policy with name {key[1]} cannot be found.", 404)
        return {"RoleName": key[0], "PolicyName": key[1], "PolicyDocument": urllib.parse.quote(self.policies[key])}

    def iam_PutRolePolicy(self, form, _region):
        self.policies[form["RoleName"], form["PolicyName"]] = form["PolicyDocument"]
        return {}

    # CloudWatch: forms are those of CBOR and JSON
    def cloudwatch_DescribeAlarms(self, form, _region):
        return {"MetricAlarms": [a for n, a in sorted(self.alarms.items()) if n.startswith(form["AlarmNamePrefix"])], "CompositeAlarms": []}

    def cloudwatch_PutMetricAlarm(self, form, _region):
        self.alarms[form["AlarmName"]] = dict(form, Threshold=float(form["Threshold"]))
        return {}


def unflatten(form):
    """A query form as the nested maps and lists of JSON: A.member.1.B, Attribute.1.Name and .Value."""
    tree = {}
    for key, value in form.items():
        *path, last = [part for part in key.split(".") if part != "member"]
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value

    def fold(node):
        if not isinstance(node, dict):
            return {"true": True, "false": False}.get(node, node)
        if node and all(k.isdigit() for k in node):
            return [fold(node[k]) for k in sorted(node, key=int)]
        return {k: fold(v) for k, v in node.items()}
    tree = fold(tree)
    for entry in tree.pop("Attribute", []):
        tree.setdefault("Attributes", {})[entry["Name"]] = entry["Value"]
    return tree


def members(value):
    """Nested maps and lists for xml(): lists become <member>s."""
    if isinstance(value, dict):
        return {k: members(v) for k, v in value.items()}
    return ("member", [members(v) for v in value]) if isinstance(value, list) else value


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        """What /ready of a service says whose secondary is off."""
        self.send(200, "application/json", b'{"status":"ready","parts":{"secondary":{"status":"disabled","owed":7}}}')

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        region, service = re.search(r"Credential=[^/]*/\d+/([^/]+)/([^/]+)/", self.headers["Authorization"]).groups()
        service = {"monitoring": "cloudwatch"}.get(service, service)
        reply = self.by_target if "X-Amz-Target" in self.headers else self.by_cbor if "smithy-protocol" in self.headers else self.by_query
        try:
            reply(service, region, body)
        except Refused as error:
            self.refuse(service, error)

    def send(self, status, kind, data, **headers):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def by_target(self, service, region, body):
        operation = self.headers["X-Amz-Target"].split(".")[1]
        answer = self.server.world.answer(service, region, operation, json.loads(body))
        self.send(200, "application/x-amz-json-1.0", json.dumps(answer).encode())

    def by_cbor(self, service, region, body):
        answer = self.server.world.answer(service, region, self.path.rsplit("/", 1)[1], cli_cbor.decode(body))
        self.send(200, "application/cbor", cli_cbor.encode(answer), smithy_protocol="rpc-v2-cbor")

    def by_query(self, service, region, body):
        form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        operation = form.pop("Action")
        nested = service in ("sqs", "cloudwatch")
        if service == "sqs" and "QueueUrl" not in form:
            form["QueueUrl"] = self.path
        answer = self.server.world.answer(service, region, operation, unflatten(form) if nested else form)
        if service == "sqs" and "Attributes" in answer:
            text = "".join(f"<Attribute><Name>{escape(k)}</Name><Value>{escape(v)}</Value></Attribute>" for k, v in answer["Attributes"].items())
        else:
            text = xml(members(answer) if nested else answer)
        if service != "ec2":
            text = f"<{operation}Result>{text}</{operation}Result>"
        self.send(200, "text/xml", f"<{operation}Response>{text}</{operation}Response>".encode())

    def refuse(self, service, error):
        if "X-Amz-Target" in self.headers:
            self.send(error.status, "application/x-amz-json-1.0", json.dumps({"__type": error.code, "message": error.message}).encode())
        elif "smithy-protocol" in self.headers:
            self.send(error.status, "application/cbor", cli_cbor.encode({"__type": error.code, "message": error.message}), smithy_protocol="rpc-v2-cbor")
        else:
            inner = f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
            whole = f"<Response><Errors>{inner}</Errors></Response>" if service == "ec2" else f"<ErrorResponse>{inner}</ErrorResponse>"
            self.send(error.status, "text/xml", whole.encode())


class StandIn:
    """Serves a World on 127.0.0.1 until it is closed."""

    def __init__(self):
        self.world = World()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads, self.server.world = True, self.world
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
