# shellcheck shell=bash
# Shared by the scripts of this folder, which source it: settings, calls of the aws client, checks, and making with --dry-run.
# Exit codes: 0 done or nothing to do, 1 something is wrong (all of it is said), 2 command line or settings.
# shellcheck disable=SC2016,SC2034,SC2154  # backticks are the queries'; what is set here the scripts read; settings are set by name

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(basename "$0")
settings_file=$here/deploy.env dry_run=no reply='' trouble='' problems=() changes=0 known=()
readonly connect_seconds_max=10 answer_seconds_max=30

say() { printf '%s: %s\n' "$program" "$*"; }
fail() { printf '%s: FAILED: %s\n' "$program" "$*" >&2; exit 1; }
problem() { problems+=("$*"); }

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

# The arguments that all scripts take; a script's own ones are in `flags`, set to yes where given.
declare -A flags=()
parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) dry_run=yes ;;
      --settings) [ $# -gt 1 ] || usage; settings_file=$2; shift ;;
      *) [ -n "${flags[$1]+known}" ] || usage; flags[$1]=yes ;;
    esac
    shift
  done
}

# Names, patterns of their values, and whether they may be empty. Nothing is used that does not match.
readonly region_form='[a-z]{2}(-[a-z]+)+-[0-9]' account_form='[0-9]{12}' queue_form='[A-Za-z0-9_-]{1,80}' name_form='[A-Za-z0-9][A-Za-z0-9_.-]{0,62}'
readonly cluster_form='[a-z][a-z0-9]*(-[a-z0-9]+)*' database_form='[A-Za-z_][A-Za-z0-9_$.-]{0,126}' octet='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
setting_form() {
  case $1 in
    AWS_ACCOUNT_ID) echo "$account_form" ;;
    SECONDARY_ACCOUNT_ID) echo "($account_form)?" ;;
    AWS_REGION | PRIMARY_REGION | SECONDARY_REGION) echo "$region_form" ;;
    SERVICE_NAME | ALARM_PREFIX) echo "$name_form" ;;
    QUEUE_NAME | DLQ_NAME | BACKLOG_QUEUE_NAME | QUARANTINE_QUEUE_NAME) echo "$queue_form" ;;
    QUEUE_MAX_RECEIVES) echo '([1-9][0-9]|[1-9][0-9]{2}|1000)' ;;
    VPC_ID) echo 'vpc-[0-9a-f]{8,17}' ;;
    SUBNET_IDS) echo 'subnet-[0-9a-f]{8,17}(,subnet-[0-9a-f]{8,17}){0,15}' ;;
    SECURITY_GROUP_ID) echo 'sg-[0-9a-f]{8,17}' ;;
    CLIENT_CIDR) echo "$octet(\\.$octet){3}/([89]|[12][0-9]|3[0-2])" ;;
    ENDPOINT_SERVICES) echo '((redshift-data|sqs|redshift|sts)(,(redshift-data|sqs|redshift|sts)){0,3})?' ;;
    PRIMARY_CLUSTER | SECONDARY_CLUSTER) echo "$cluster_form" ;;
    PRIMARY_DATABASE | SECONDARY_DATABASE | PRIMARY_DB_USER | SECONDARY_DB_USER) echo "$database_form" ;;
    SECONDARY_ACCESS) echo 'data-api|wire' ;;
    SECONDARY_ROLE_ARN) echo "(arn:aws(-cn|-us-gov)?:iam::$account_form:role/[A-Za-z0-9+=,.@_/-]{1,128})?" ;;
    MANAGED_ENDPOINT_NAME) echo '([a-z][a-z0-9-]{0,29})?' ;;
    MANAGED_ENDPOINT_SUBNET_GROUP) echo '([a-z0-9][a-z0-9._-]{0,254})?' ;;
    PRINCIPAL) echo '(role|user)/[A-Za-z0-9+=,.@_-]{1,64}' ;;
    ALARM_TOPIC_ARN) echo "(arn:aws(-cn|-us-gov)?:sns:$region_form:$account_form:[A-Za-z0-9_-]{1,256})?" ;;
    METRICS_NAMESPACE) echo '[A-Za-z0-9._/#-][A-Za-z0-9 ._/#:-]{0,254}' ;;
    TWINSHIFT_PROGRAM) echo '[^[:cntrl:]]+' ;;
    RELOAD_BY) echo 'sighup|systemctl-reload|systemctl-restart|ecs|none' ;;
    SYSTEMD_UNIT | ECS_CLUSTER | ECS_SERVICE) echo '([A-Za-z0-9][A-Za-z0-9_.@-]*)?' ;;
    PID_FILE | READY_TOKEN_FILE | ENV_FILE) echo '[^[:cntrl:]]*' ;;
    READY_URL) echo 'https?://[][A-Za-z0-9.:-]+(/[A-Za-z0-9/_-]*)?' ;;
    READY_SECONDS_MAX) echo '[1-9][0-9]{0,3}' ;;
    ROLLBACK_ENDPOINT) echo '(vpce-[0-9a-f]{8,17}|[a-z][a-z0-9-]{0,29})?' ;;
    *) return 1 ;;
  esac
}

# Reads the settings as text, never as shell; all faults are said at once. Values are not repeated: somebody may have put a secret here.
read_settings() {
  local line name value form number=0 faults=()
  [ -r "$settings_file" ] || { printf '%s: cannot read the settings %s; copy deploy.env.example and fill it in\n' "$program" "$settings_file" >&2; exit 2; }
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    case $line in '' | '#'*) continue ;; esac
    name=${line%%=*} value=${line#*=}
    if [ "$name" = "$line" ] || ! form=$(setting_form "$name"); then
      faults+=("line $number: no setting of these scripts; deploy.env.example has all"); continue
    fi
    [[ $value =~ ^($form)$ ]] || { faults+=("line $number: $name is not of the form $form"); continue; }
    printf -v "$name" '%s' "$value"; known+=("$name")
  done <"$settings_file"
  while IFS= read -r name; do
    [[ " ${known[*]-} ${faults[*]-} " == *" $name "* ]] || faults+=("$name is missing; deploy.env.example shows it")
  done < <(sed -n 's/^\([A-Z_]*\)=.*/\1/p' "$here/deploy.env.example")
  cross_check
  [ ${#faults[@]} -eq 0 ] || { printf "$program: $settings_file: %s\n" "${faults[@]}" >&2; exit 2; }
  known_places
}

# What only several settings together say. Fills `faults` of the caller.
cross_check() {
  [ ${#faults[@]} -eq 0 ] || return 0
  [ "$SECONDARY_ACCESS" = data-api ] || { [ -n "$MANAGED_ENDPOINT_NAME" ] && [ -n "$MANAGED_ENDPOINT_SUBNET_GROUP" ]; } ||
    faults+=("SECONDARY_ACCESS=wire needs MANAGED_ENDPOINT_NAME and MANAGED_ENDPOINT_SUBNET_GROUP")
  [ "$SECONDARY_ACCESS" = data-api ] || [ "$SECONDARY_REGION" = "$AWS_REGION" ] ||
    faults+=("SECONDARY_ACCESS=wire: a Redshift-managed VPC endpoint stands in its cluster's region; make VPC peering, or use data-api")
  [ -z "$SECONDARY_ROLE_ARN" ] || [[ $SECONDARY_ROLE_ARN == *":iam::$SECONDARY_ACCOUNT_ID:role/"* ]] ||
    faults+=("SECONDARY_ROLE_ARN is not a role of SECONDARY_ACCOUNT_ID")
  [ "$(printf '%s\n' "$QUEUE_NAME" "$DLQ_NAME" "$BACKLOG_QUEUE_NAME" "$QUARANTINE_QUEUE_NAME" | sort -u | wc -l)" = 4 ] ||
    faults+=("QUEUE_NAME, DLQ_NAME, BACKLOG_QUEUE_NAME and QUARANTINE_QUEUE_NAME must differ")
}

known_places() {
  partition=aws domain=amazonaws.com
  case $AWS_REGION in cn-*) partition=aws-cn domain=amazonaws.com.cn ;; us-gov-*) partition=aws-us-gov ;; esac
  secondary_account=${SECONDARY_ACCOUNT_ID:-$AWS_ACCOUNT_ID}
}

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

# VPC, subnets and security group: there, of this account, and of one another.
check_network() {
  local id ids
  if ! aws_try "$AWS_REGION" ec2 describe-vpcs --vpc-ids "$VPC_ID" --query 'Vpcs[0].OwnerId' --output text; then
    problem "VPC $VPC_ID (VPC_ID) in $AWS_REGION: $trouble; is it of this account and region?"
  elif [ "$reply" != "$AWS_ACCOUNT_ID" ]; then
    problem "VPC $VPC_ID is of account $reply, not $AWS_ACCOUNT_ID; its owner must make the endpoints"
  fi
  IFS=, read -ra ids <<<"$SUBNET_IDS"
  if aws_try "$AWS_REGION" ec2 describe-subnets --subnet-ids "${ids[@]}" --query 'Subnets[].[SubnetId,VpcId]' --output text; then
    for id in "${ids[@]}"; do
      [[ $reply == *"$id"[[:space:]]"$VPC_ID"* ]] || problem "subnet $id is not in VPC $VPC_ID; correct SUBNET_IDS"
    done
  else problem "subnets $SUBNET_IDS in $AWS_REGION: $trouble; correct SUBNET_IDS"; fi
  look_group
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
