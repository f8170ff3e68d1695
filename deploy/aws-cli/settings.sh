# shellcheck shell=bash
# The settings (deploy.env): their names and forms, reading and checking them. Sourced by common.sh.
# shellcheck disable=SC2016,SC2034,SC2154  # settings are set by name, and used by the scripts

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
    CLIENT_CIDR) echo "$octet(\\.$octet){3}/([0-9]|[12][0-9]|3[0-2])" ;;
    ENDPOINT_SERVICES) echo '((redshift-data|sqs|redshift|sts)(,(redshift-data|sqs|redshift|sts)){0,3})?' ;;
    PRIMARY_CLUSTER | SECONDARY_CLUSTER) echo "$cluster_form" ;;
    PRIMARY_DATABASE | SECONDARY_DATABASE | PRIMARY_DB_USER | SECONDARY_DB_USER) echo "$database_form" ;;
    SECONDARY_ACCESS) echo 'data-api|wire' ;;
    SECONDARY_ROLE_ARN) echo "(arn:aws(-cn|-us-gov)?:iam::$account_form:role/[A-Za-z0-9+=,.@_/-]{1,128})?" ;;
    MANAGED_ENDPOINT_NAME) echo '([a-z][a-z0-9-]{0,29})?' ;;
    MANAGED_ENDPOINT_SUBNET_GROUP) echo '([a-z0-9][a-z0-9._-]{0,254})?' ;;
    PRINCIPAL) echo '(role|user)/[A-Za-z0-9+=,.@_-]{1,64}' ;;
    ALARM_TOPIC_ARN | TICKET_TOPIC_ARN) echo "(arn:aws(-cn|-us-gov)?:sns:$region_form:$account_form:[A-Za-z0-9_-]{1,256})?" ;;
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

refuse_settings() { printf "$program: $settings_file: %s\n" "$@" >&2; exit 2; }

# Reads the settings as text, never as shell; all faults are said at once. Values are not repeated: somebody may have put a secret here.
read_settings() {
  local line name value form number=0 faults=()
  { [ -f "$settings_file" ] && [ -r "$settings_file" ]; } || { printf '%s: cannot read the settings %s; copy deploy.env.example and fill it in\n' "$program" "$settings_file" >&2; exit 2; }
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    case $line in '' | '#'*) continue ;; esac
    [[ $line != *$'\r' ]] || refuse_settings "line $number: ends in CR LF, as Windows writes it; sed -i 's/\r$//' mends the file"
    name=${line%%=*} value=${line#*=}
    if [ "$name" = "$line" ] || ! form=$(setting_form "$name"); then
      faults+=("line $number: no setting of these scripts (NAME=VALUE, without export and without blanks); deploy.env.example has all"); continue
    fi
    [[ $value =~ ^($form)$ ]] || { faults+=("line $number: $name is not of the form $form$(fault_of "$value")"); continue; }
    ! is_example "$name" "$value" || { faults+=("line $number: $name is still the example's"); continue; }
    printf -v "$name" '%s' "$value"; known+=("$name")
  done <"$settings_file"
  while IFS= read -r name; do
    [[ " ${known[*]-} ${faults[*]-} " == *" $name "* ]] || faults+=("$name is missing; deploy.env.example shows it")
  done < <(sed -n 's/^\([A-Z_]*\)=.*/\1/p' "$here/deploy.env.example")
  cross_check
  [ ${#faults[@]} -eq 0 ] || refuse_settings "${faults[@]}"
  known_places
}

# What is mostly the matter; the value itself is not told.
fault_of() {
  case $1 in
    \"* | *\" | \'* | *\') printf ': take the quotes off' ;;
    ' '* | *' ') printf ': take the blanks off its ends' ;;
    '') printf ': it is empty' ;;
  esac
}

# Ids that nobody has: only the example does.
is_example() {
  case $1 in
    VPC_ID | SUBNET_IDS | SECURITY_GROUP_ID) [[ $2 == *-0123456789abcdef[01]* ]] ;;
    *) return 1 ;;
  esac
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
  [ -z "$SECONDARY_ACCOUNT_ID" ] || [ "$SECONDARY_ACCOUNT_ID" = "$AWS_ACCOUNT_ID" ] || [ -n "$SECONDARY_ROLE_ARN" ] || [ "$SECONDARY_ACCESS" = wire ] ||
    faults+=("SECONDARY_ACCOUNT_ID needs SECONDARY_ROLE_ARN: the Data API finds only clusters of the account that calls, so a role of that account is taken")
  [ "$(printf '%s\n' "$QUEUE_NAME" "$DLQ_NAME" "$BACKLOG_QUEUE_NAME" "$QUARANTINE_QUEUE_NAME" | sort -u | wc -l)" = 4 ] ||
    faults+=("QUEUE_NAME, DLQ_NAME, BACKLOG_QUEUE_NAME and QUARANTINE_QUEUE_NAME must differ")
}

known_places() {
  partition=aws domain=amazonaws.com
  case $AWS_REGION in cn-*) partition=aws-cn domain=amazonaws.com.cn ;; us-gov-*) partition=aws-us-gov ;; esac
  secondary_account=${SECONDARY_ACCOUNT_ID:-$AWS_ACCOUNT_ID}
}
