"""The resource types that our templates use: properties that CloudFormation demands, and those that we know. A type or a property that stands in neither
is a slip of the pen, or wants a line here."""

TYPES = {
    "AWS::SQS::Queue": ("", "QueueName MessageRetentionPeriod MaximumMessageSize ReceiveMessageWaitTimeSeconds VisibilityTimeout SqsManagedSseEnabled "
                            "KmsMasterKeyId KmsDataKeyReusePeriodSeconds RedriveAllowPolicy RedrivePolicy"),
    "AWS::SQS::QueuePolicy": ("Queues PolicyDocument", ""),
    "AWS::EC2::SecurityGroup": ("GroupDescription", "VpcId SecurityGroupIngress SecurityGroupEgress"),
    "AWS::EC2::SecurityGroupIngress": ("IpProtocol", "Description GroupId FromPort ToPort SourceSecurityGroupId"),
    "AWS::EC2::VPCEndpoint": ("ServiceName VpcId", "VpcEndpointType SubnetIds SecurityGroupIds PrivateDnsEnabled RouteTableIds"),
    "AWS::Redshift::ClusterSubnetGroup": ("Description SubnetIds", ""),
    "AWS::Redshift::EndpointAccess": ("ClusterIdentifier EndpointName SubnetGroupName VpcSecurityGroupIds", "ResourceOwner"),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", "RoleName Description"),
    "AWS::IAM::Policy": ("PolicyName PolicyDocument", "Roles"),
    "AWS::Logs::LogGroup": ("", "LogGroupName RetentionInDays"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("", "Type Scheme Subnets SecurityGroups LoadBalancerAttributes"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("", "VpcId TargetType Protocol Port HealthCheckPath HealthCheckIntervalSeconds HealthCheckTimeoutSeconds "
                                                     "HealthyThresholdCount UnhealthyThresholdCount Matcher TargetGroupAttributes"),
    "AWS::ElasticLoadBalancingV2::Listener": ("DefaultActions LoadBalancerArn", "Protocol Port SslPolicy Certificates"),
    "AWS::ECS::Cluster": ("", "ClusterName"),
    "AWS::ECS::TaskDefinition": ("", "Family RequiresCompatibilities NetworkMode Cpu Memory RuntimePlatform TaskRoleArn ExecutionRoleArn Volumes "
                                     "ContainerDefinitions"),
    "AWS::ECS::Service": ("", "ServiceName Cluster TaskDefinition LaunchType DesiredCount HealthCheckGracePeriodSeconds DeploymentConfiguration "
                              "NetworkConfiguration LoadBalancers"),
    "AWS::CloudWatch::Alarm": ("ComparisonOperator EvaluationPeriods", "AlarmName AlarmDescription Threshold TreatMissingData Namespace MetricName "
                                                                       "Dimensions Statistic Period Metrics AlarmActions OKActions"),
    "AWS::CloudWatch::Dashboard": ("DashboardBody", "DashboardName"),
}


def faults_of_resource(name, resource):
    if resource.get("Type") not in TYPES:
        return [f"{name}: the type {resource.get('Type')} is unknown here"]
    demanded, known = (set(words.split()) for words in TYPES[resource["Type"]])
    given = set(resource.get("Properties", {}))
    return [f"{name}: {one} is missing" for one in sorted(demanded - given)] + [f"{name}: {one} is unknown" for one in sorted(given - demanded - known)]
