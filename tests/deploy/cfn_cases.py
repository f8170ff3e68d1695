"""Parameters as a platform engineer would give them, and the stacks that come of them."""
from cfn_resolve import ACCOUNT, REGION, Stack
from cfn_template import load

OTHER_ACCOUNT = "210987654321"
ID = "01234567-89ab-cdef-0123-456789abcdef"
VPC_OF = {"subnet-1": "vpc-1", "subnet-2": "vpc-1", "subnet-9": "vpc-9"}
EXPORTS = {"twinshift-roles-TaskRoleArn": "task-role", "twinshift-roles-ExecutionRoleArn": "execution-role",
           "twinshift-network-ServiceSecurityGroupId": "sg-service"}


def secret(name):
    return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-a1B2c3"


def key(name):
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}"


NETWORK = {"VpcId": "vpc-1", "SubnetIds": "subnet-1,subnet-2", "ClientCidr": "10.0.0.0/16"}

PRIMARY = {"SecondaryWay": "none", "PrimaryCluster": "primary-cluster", "PrimaryDatabase": "analytics", "PrimaryDbUser": "twinshift"}
OWN_SECONDARY = {"SecondaryWay": "data-api", "SecondaryRegion": "ap-south-1", "SecondaryCluster": "secondary-cluster", "SecondaryDatabase": "analytics",
                 "SecondaryDbUser": "twinshift"}
ROLES = {
    "one target": PRIMARY,
    "two clusters of one account": {**PRIMARY, **OWN_SECONDARY},
    "the secondary over the wire": {**PRIMARY, **OWN_SECONDARY, "SecondaryWay": "wire"},
    "as the role itself": {**PRIMARY, **OWN_SECONDARY, "PrimaryDbUser": "", "SecondaryDbUser": ""},
    "two workgroups": {"PrimaryWorkgroupId": ID, "PrimaryDatabase": "analytics", "SecondaryWay": "wire", "SecondaryRegion": REGION, "SecondaryWorkgroupId": ID,
                       "SecondaryDatabase": "analytics"},
    "by secrets": {**PRIMARY, **OWN_SECONDARY, "PrimaryDbUser": "", "SecondaryDbUser": "", "PrimarySecretArn": secret("a"),
                   "SecondarySecretArn": secret("b")},
    "another account's secondary": {**PRIMARY, "SecondaryWay": "data-api", "SecondaryAccountId": OTHER_ACCOUNT, "QueueKeyArn": key("queues"),
                                    "SecretsKeyArn": key("secrets"), "WebhookTokensSecretArn": secret("tokens"), "AdminTokenSecretArn": secret("admin"),
                                    "ExternalIdSecretArn": secret("external")},
    "passwords of their own": {"PrimaryWay": "none", "SecondaryWay": "none"},
}

SECONDARY_ACCOUNT = {"ServiceAccountId": ACCOUNT, "ExternalId": "a-long-external-id", "Cluster": "secondary-cluster", "Database": "analytics",
                     "DbUser": "twinshift"}

SERVICE = {
    "Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/twinshift:1", "VpcId": "vpc-1", "ServiceSubnetIds": "subnet-1,subnet-2",
    "LoadBalancerSubnetIds": "subnet-1,subnet-2", "SenderCidr": "10.0.0.0/16", "CertificateId": ID,
    "PrimaryCluster": "primary-cluster", "PrimaryDatabase": "analytics", "PrimaryDbUser": "twinshift",
    "SecondaryRegion": "ap-south-1", "SecondaryCluster": "secondary-cluster", "SecondaryDatabase": "analytics", "SecondaryDbUser": "twinshift",
}
GUIDE_HOST = "https://appsflyer-endpoint-fxsovvcwarpoattqgxt0.churfikvu1nn.ap-south-1.redshift.amazonaws.com"
SERVICES = {
    "two clusters": SERVICE,
    "no secondary": {**SERVICE, "SecondaryEnabled": "false"},
    "while the predecessor consumes": {**SERVICE, "EnableConsumer": "false", "WebhookStrict": "true", "PrimaryStatementTimeout": "60000", "SecondaryMaxRetries": "30"},
    "the secondary over the wire": {**SERVICE, "SecondaryEndpoint": GUIDE_HOST},
    "another account's secondary": {**SERVICE, "SecondaryAccountId": OTHER_ACCOUNT, "ExternalIdSecretArn": secret("external")},
    "workgroups": {**SERVICE, "PrimaryCluster": "", "PrimaryDbUser": "", "PrimaryWorkgroup": "wg-a", "SecondaryCluster": "", "SecondaryDbUser": "",
                   "SecondaryWorkgroup": "wg-b"},
    "from the internet": {**SERVICE, "LoadBalancerScheme": "internet-facing", "SenderCidr": "0.0.0.0/0", "WebhookTokensSecretArn": secret("tokens"),
                          "AdminTokenSecretArn": secret("admin"), "WebhookAllow": "appsflyer", "TrustedProxies": "10.0.1.0/24,10.0.2.0/24"},
}


def stack(name, given=None):
    return Stack(load(name), given, EXPORTS, VPC_OF)


def container(given):
    return stack("service", given).resources["Task"]["Properties"]["ContainerDefinitions"][0]


def environment(given):
    """Of the task, secrets with a stand-in's text: what the program is started with."""
    task = container(given)
    secrets = {one["Name"]: "stand-in-for-a-secret-of-some-length" for one in task["Secrets"]}
    return {**{one["Name"]: str(one["Value"]) for one in task["Environment"]}, **secrets}
