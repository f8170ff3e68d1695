# shellcheck shell=bash
# Shared by the scripts of this folder, which source it: settings, calls of the aws client, checks, and making with --dry-run.
# Exit codes: 0 done or nothing to do, 1 something is wrong (all of it is said), 2 command line or settings.
# shellcheck disable=SC2016,SC2034,SC2154  # backticks are the queries'; what is set here the scripts read; settings are set by name

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(basename "$0")
settings_file=$here/deploy.env dry_run=no reply='' trouble='' vpc_networks='' problems=() changes=0 known=()
readonly connect_seconds_max=10 answer_seconds_max=30

say() { printf '%s: %s\n' "$program" "$*"; }
fail() { printf '%s: FAILED: %s\n' "$program" "$*" >&2; exit 1; }
problem() { problems+=("$*"); }

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; printf 'Without --settings: %s. --dry-run makes nothing.\n' "$settings_file"; }
misused() { usage >&2; exit 2; }

# The arguments that all scripts take; a script's own ones are in `flags`, set to yes where given.
declare -A flags=()
parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) dry_run=yes ;;
      -h | --help) usage; exit 0 ;;
      --settings) [ $# -gt 1 ] || misused; settings_file=$2; shift ;;
      *) [ -n "${flags[$1]+known}" ] || misused; flags[$1]=yes ;;
    esac
    shift
  done
}

# shellcheck source=settings.sh
. "$here/settings.sh"

# aws_try REGION SERVICE OPERATION ...: its answer in `reply`, or its error in `trouble` and code 1.
# The endpoint is passed along: CLI v1 ignores AWS_ENDPOINT_URL for SQS, early v2 ignores it altogether.
aws_try() {
  local region=$1 errors code=0 at=(); shift
  [ -z "${AWS_ENDPOINT_URL:-}" ] || at=(--endpoint-url "$AWS_ENDPOINT_URL")
  command -v aws >/dev/null || fail 'the aws client is not installed; install awscli (v1 or v2)'
  errors=$(mktemp)
  reply=$(AWS_PAGER='' AWS_MAX_ATTEMPTS=3 AWS_RETRY_MODE=standard aws "$@" --region "$region" \
    --cli-connect-timeout "$connect_seconds_max" --cli-read-timeout "$answer_seconds_max" \
    "${at[@]}" 2>"$errors") || code=1
  trouble=$(tr '\n' ' ' <"$errors" | sed 's/^ *//; s/ *$//'); rm -f "$errors"
  return $code
}

missing() { [[ $trouble == *"$1"* ]]; }

# make WHAT REGION SERVICE OPERATION ...: does it, or with --dry-run says what it would do.
make() {
  local what=$1 region=$2; shift 2
  changes=$((changes + 1))
  if [ "$dry_run" = yes ]; then
    say "would: $what"; printf '  aws'; printf ' %q' "$@" --region "$region"; printf '\n'; return 0
  fi
  aws_try "$region" "$@" || fail "$what: aws $1 $2 in $region said: $trouble. What was made before it stays; mend this and run $program again"
  say "done: $what"
}

there() { say "there already: $*"; }
differs() { say "differs, left as it is: $*"; }

# After all checks, before anything is made.
end_checks() {
  [ ${#problems[@]} -gt 0 ] || return 0
  printf "$program: wrong: %s\n" "${problems[@]}" >&2
  fail "${#problems[@]} wrong, nothing was made; mend them and run $program again"
}

finish() {
  if [ "$changes" = 0 ]; then say 'nothing to change'
  elif [ "$dry_run" = yes ]; then say "dry run: $changes to change, nothing was made"
  else say "$changes changed"; fi
}

check_account() {
  if ! aws_try "$AWS_REGION" sts get-caller-identity --query Account --output text; then
    problem "identity in $AWS_REGION (AWS_REGION): $trouble; is the region right, and are credentials set (aws configure, AWS_PROFILE)?"
    end_checks
  fi
  [ "$reply" = "$AWS_ACCOUNT_ID" ] || problem "the credentials are of account $reply, AWS_ACCOUNT_ID says $AWS_ACCOUNT_ID; take that account's, or correct the setting"
}

# check_cluster TARGET ACCOUNT REGION CLUSTER
check_cluster() {
  if [ "$2" != "$AWS_ACCOUNT_ID" ]; then
    [ -n "$SECONDARY_ROLE_ARN" ] || [ "$SECONDARY_ACCESS" = wire ] ||
      problem "the $1's cluster $4 is of account $2: the Data API finds only clusters of the account that calls; set SECONDARY_ROLE_ARN to a role of $2 that trusts $PRINCIPAL"
    say "not looked at: cluster $4 of account $2; run check there, or twinshift doctor with the role"
    return 0
  fi
  aws_try "$3" redshift describe-clusters --cluster-identifier "$4" --query 'Clusters[0].ClusterStatus' --output text && return 0
  if missing ClusterNotFound; then
    problem "the $1's cluster $4 is not in account $2, region $3; correct the cluster or its region, or, where it is another account's, set SECONDARY_ACCOUNT_ID and SECONDARY_ROLE_ARN (a role of that account, by sts:AssumeRole)"
  else problem "the $1's cluster $4 in $3: $trouble"; fi
}

queue_url() {
  if [ -n "${AWS_ENDPOINT_URL:-}" ]; then printf '%s/%s/%s' "${AWS_ENDPOINT_URL%/}" "$AWS_ACCOUNT_ID" "$1"
  else printf 'https://sqs.%s.%s/%s/%s' "$AWS_REGION" "$domain" "$AWS_ACCOUNT_ID" "$1"; fi
}
queue_arn() { printf 'arn:%s:sqs:%s:%s:%s' "$partition" "$AWS_REGION" "$AWS_ACCOUNT_ID" "$1"; }

# look_queue NAME: code 0 there (retention, size, redrive policy in `reply`, by tabs), 1 not there, else a problem is noted and 2 returned.
look_queue() {
  aws_try "$AWS_REGION" sqs get-queue-attributes --queue-url "$(queue_url "$1")" --attribute-names All \
    --query 'Attributes.[MessageRetentionPeriod,MaximumMessageSize,RedrivePolicy]' --output text && return 0
  if missing NonExistentQueue || missing QueueDoesNotExist; then return 1; fi
  problem "queue $1 in $AWS_REGION: $trouble"; return 2
}

# VPC, subnets and security group: there, of this account, and of one another. Leaves the VPC's networks in vpc_networks.
check_network() {
  local id ids
  if ! aws_try "$AWS_REGION" ec2 describe-vpcs --vpc-ids "$VPC_ID" --query "Vpcs[0].[OwnerId,join(' ',CidrBlockAssociationSet[].CidrBlock)]" --output text; then
    problem "VPC $VPC_ID (VPC_ID) in $AWS_REGION: $trouble; is it of this account and region?"
  else
    local owner; read -r owner vpc_networks <<<"$reply"
    [ "$owner" = "$AWS_ACCOUNT_ID" ] || problem "VPC $VPC_ID is of account $owner, not $AWS_ACCOUNT_ID; its owner must make the endpoints"
  fi
  IFS=, read -ra ids <<<"$SUBNET_IDS"
  if aws_try "$AWS_REGION" ec2 describe-subnets --subnet-ids "${ids[@]}" --query 'Subnets[].[SubnetId,VpcId]' --output text; then
    for id in "${ids[@]}"; do
      [[ $reply == *"$id"[[:space:]]"$VPC_ID"* ]] || problem "subnet $id is not in VPC $VPC_ID; correct SUBNET_IDS"
    done
  else problem "subnets $SUBNET_IDS in $AWS_REGION: $trouble; correct SUBNET_IDS"; fi
  look_group
}

number_of() { local a b c d; IFS=. read -r a b c d <<<"$1"; echo $(((a << 24) + (b << 16) + (c << 8) + d)); }

# holds OUTER INNER: whether the first network holds all of the second.
holds() {
  local bits=${1#*/} shift
  shift=$((32 - bits))
  [ "$bits" -le "${2#*/}" ] && [ $(($(number_of "${1%/*}") >> shift)) = $(($(number_of "${2%/*}") >> shift)) ]
}

# check_clients SERVICE...: private DNS leads every caller of the VPC to the endpoints, whoever it is; CLIENT_CIDR must let all of them in.
check_clients() {
  local network
  [ $# -gt 0 ] || return 0
  for network in $vpc_networks; do
    holds "$CLIENT_CIDR" "$network" ||
      problem "CLIENT_CIDR $CLIENT_CIDR does not hold the VPC's network $network: whoever calls these services from there (the Node service?) would be led to the endpoints and not let in; give a network that holds it, or take services out of ENDPOINT_SERVICES"
  done
}

# How many rules open PORT to CLIENT_CIDR, as a query.
open_rules() { printf 'SecurityGroups[0].IpPermissions[?FromPort<=`%s` && ToPort>=`%s`].IpRanges[] | [?CidrIp==`"%s"`] | length(@)' "$1" "$1" "$CLIENT_CIDR"; }

# Leaves in group_ports how often 443 and 5439 are open to CLIENT_CIDR.
look_group() {
  group_ports='0 0'
  if ! aws_try "$AWS_REGION" ec2 describe-security-groups --group-ids "$SECURITY_GROUP_ID" --output text \
    --query "[[SecurityGroups[0].VpcId, $(open_rules 443), $(open_rules 5439)]]"; then
    problem "security group $SECURITY_GROUP_ID in $AWS_REGION: $trouble; correct SECURITY_GROUP_ID"
    return 0
  fi
  local vpc; read -r vpc group_ports <<<"$reply"
  [ "$vpc" = "$VPC_ID" ] || problem "security group $SECURITY_GROUP_ID is of VPC $vpc, not $VPC_ID; correct SECURITY_GROUP_ID"
}

# check_offered SERVICE...: com.amazonaws.REGION.SERVICE exists in this region.
check_offered() {
  [ $# -gt 0 ] || return 0
  local name names=("${@/#/com.amazonaws.$AWS_REGION.}")
  [ "$partition" != aws-cn ] || names=("${names[@]/#/cn.}")
  if aws_try "$AWS_REGION" ec2 describe-vpc-endpoint-services --service-names "${names[@]}" --query 'ServiceNames' --output text; then
    for name in "${names[@]}"; do [[ " ${reply//$'\t'/ } " == *" $name "* ]] || problem "endpoint service $name is not offered in $AWS_REGION; take it out of ENDPOINT_SERVICES"; done
  else problem "endpoint services in $AWS_REGION: $trouble; take what is not offered out of ENDPOINT_SERVICES"; fi
}
