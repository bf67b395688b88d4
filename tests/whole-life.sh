#!/usr/bin/env bash
# A whole life against a live server: invited, mail received, accepted, approved, given roles, a mandate to another
# organization, a delegation, the authorization explained, revoked (and with it everything that came of it), deleted.
#
# `bash tests/whole-life.sh BINARY [DATABASE_URL]`; without an address on SQLite, else in that database, which must be
# empty. Starts a mail server (tests/smtp_sink.py) and the server, asks it with curl, and checks of every answer the
# status, the schema and the values. Ends what it starts, by its number; touches nothing outside a folder of its own.
set -euo pipefail
exec </dev/null
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
WORK="$(mktemp -d)"
BODY="$WORK/body"
SERVER="" SINK="" BASE="" BINARY="" ASKED=0 MAILS=0
ADMIN="restuser:bootstrap-of-the-whole-life"
PASSWORD="seven herons over the bay"
# Variables of the caller must not configure this server.
unset "${!VALTUUS_@}"

say() { printf '%s\n' "$*"; }
fail() {
  printf 'life: line %s: %s\n' "${BASH_LINENO[*]: -2:1}" "$*" >&2
  if [[ -s "$BODY" ]]; then head -c 2000 "$BODY" >&2; printf '\n' >&2; fi
  exit 1
}

finish() {
  local status=$? pid
  for pid in $SERVER $SINK; do
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  if ((status != 0)) && [[ -s "$WORK/err" ]]; then tail -n 20 "$WORK/err" >&2; fi
  rm -rf "$WORK"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Waits until a command succeeds; says what was waited for when it does not.
wait_for() {
  local what="$1"
  shift
  for _ in $(seq 300); do
    if "$@"; then return; fi
    sleep 0.1
  done
  fail "$what: not within 30 s"
}

start_sink() {
  mkdir "$WORK/mails"
  python3 "$ROOT/tests/smtp_sink.py" "$WORK/mails" >"$WORK/sink" &
  SINK=$!
  wait_for "the mail server" test -s "$WORK/sink"
}

configure() {
  cat >"$WORK/valtuus.toml" <<TOML
[serve]
listen = "127.0.0.1:0"

[store]
data-dir = "$WORK/data"
${1:+database-url = \"$1\"}

[mail]
host = "127.0.0.1"
port = $(cat "$WORK/sink")
tls = "none"
from = "Valtuus <noreply@example.com>"
link = "https://portal.example.com/valtuus"

[[organizations.classes]]
name = "organization"
default = true

[[organizations.classes]]
name = "network"
virtual = true
default = true

[[organizations.classes]]
name = "company"
roles = ["Signatory", "Auditor"]
approval = true
TOML
}

start_server() {
  VALTUUS_BOOTSTRAP_PASSWORD="${ADMIN#*:}" "$BINARY" serve --config "$WORK/valtuus.toml" >"$WORK/out" 2>"$WORK/err" &
  SERVER=$!
  wait_for "the server" test -s "$WORK/out"
  local ready
  ready="$(cat "$WORK/out")"
  [[ "$ready" =~ ^listening\ on\ (https://127\.0\.0\.1:[0-9]+/customerid-rest/services/2\.0)$ ]] \
    || fail "not the line of a server that is ready: $ready"
  BASE="${BASH_REMATCH[1]}"
}

stop_server() {
  local status=0
  kill -TERM "$SERVER"
  wait "$SERVER" || status=$?
  SERVER=""
  ((status == 0)) || fail "the server ended with status $status after SIGTERM"
  [[ "$("$BINARY" check --config "$WORK/valtuus.toml")" == clean ]] || fail "the store is not consistent afterwards"
}

# The schema that an answer is held to, by its root element.
judge() {
  local root schema=extension
  root="$(grep -oE '<[A-Za-z]+' "$BODY" | head -n 1)"
  case "${root#<}" in
    error) schema=error ;;
    User | Organization | Role | Mandate | Workflow | MandateTemplate | RoleInvitation) schema=cid-2.0 ;;
    Users | Organizations | Roles | Mandates | Workflows | RoleInvitations | MandateInvitations) schema=cid-2.0 ;;
  esac
  xmllint --noout --nonet --schema "$ROOT/schema/$schema.xsd" "$BODY" 2>"$WORK/judgement" \
    || fail "not valid against $schema.xsd: $(cat "$WORK/judgement")"
}

# request STATUS METHOD PATH [name=value | curl option …]: sends a request with these parameters in its query.
request() {
  local wanted="$1" method="$2" path="$3" got argument
  local -a options=()
  shift 3
  for argument in "$@"; do
    if [[ "$argument" == --* ]]; then options+=("${argument%% *}" "${argument#* }"); else options+=(--data-urlencode "$argument"); fi
  done
  : >"$BODY"
  got="$(curl --silent --show-error --insecure --max-time 30 --output "$BODY" --write-out '%{http_code}' \
    --get --request "$method" "${options[@]}" "$BASE/$path")"
  ASKED=$((ASKED + 1))
  [[ "$got" == "${wanted%:*}" ]] || fail "$method $path was answered $got instead of ${wanted%:*}"
  judge
  if [[ "$wanted" == *:* ]]; then
    [[ "$(look 'string(/error/code)')" == "${wanted#*:}" ]] || fail "$method $path: not code ${wanted#*:}"
  fi
}

# As the administrator; as somebody without an account. A refusal is wanted as STATUS:CODE.
ask() { request "$1" "$2" "$3" "--user $ADMIN" "${@:4}"; }
visit() { request "$@"; }

look() { xmllint --xpath "$1" "$BODY" 2>/dev/null || true; }
values() { look "//*[local-name()='Attribute'][@name='$1']/*[local-name()='Value']/text()"; }
ids() { look "//*[local-name()='Id']/text()"; }

# The only id of a list.
id() {
  local found
  found="$(ids)"
  [[ "$found" =~ ^[0-9a-f-]{36}$ ]] || fail "not one id: $found"
  printf '%s' "$found"
}

is() { [[ "$(values "$1")" == "$2" ]] || fail "$1 is '$(values "$1")' instead of '$2'"; }

# The list has these ids and no others, whatever their order.
has_ids() {
  local wanted
  wanted="$(printf '%s\n' "$@" | sort)"
  [[ "$(ids | sort)" == "$wanted" ]] || fail "the ids are $(ids | tr '\n' ' ')instead of $*"
}

has_none() { [[ -z "$(ids)" ]] || fail "there still is $(ids)"; }

# Waits for the next mail: its recipient must be this one. Its text is left in $WORK/mail.
mail_to() {
  MAILS=$((MAILS + 1))
  wait_for "mail $MAILS to $1" test -f "$WORK/mails/$MAILS.eml"
  cp "$WORK/mails/$MAILS.txt" "$WORK/mail"
  [[ "$(head -n 1 "$WORK/mail")" == "$1" ]] || fail "mail $MAILS went to $(head -n 1 "$WORK/mail") instead of $1"
}

# The token of the link in the last mail, which must lead to this address.
token_for() {
  local link
  link="$(grep -oE 'https://portal\.example\.com/valtuus/[^[:space:]]+' "$WORK/mail" | head -n 1)"
  [[ "$link" == "https://portal.example.com/valtuus/$1?token="* ]] || fail "the link is $link"
  link="${link##*token=}"
  # As every value in an address it may be percent-encoded.
  printf '%b' "${link//%/\\x}"
}

now_it_is() { date --utc --date "$1" +%Y-%m-%dT%H:%M:%SZ; }

organizations() {
  ask 200 POST organizations/ technicalName=acme organizationClass=company
  ACME="$(id)"
  ask 200 GET "organizations/$ACME"
  is entityName acme
  is organizationClass company
  ask 200 GET roles entityName=acme/Signatory exactMatch=true
  SIGNATORY="$(id)"
  ask 200 GET roles entityName=acme/Auditor exactMatch=true
  AUDITOR="$(id)"
  ask 200 POST roles/ name=Reader organization=acme
  READER="$(id)"
  ask 200 PUT "roles/$SIGNATORY" "includes=$READER"
  ask 409:10 PUT "roles/$READER" "includes=$SIGNATORY"
  ask 200 POST organizations/ technicalName=bureau
  BUREAU="$(id)"
  ask 200 POST "organizations/$BUREAU/users" login=bertil email=bertil@example.com
  BERTIL="$(id)"
}

# Invite → mail → accept → approval.
anna_is_invited() {
  ask 200 POST roleinvitations/ email=anna@example.com "role=$SIGNATORY" "message=Welcome aboard"
  INVITATION="$(id)"
  ask 200 GET "roleinvitations/$INVITATION"
  is state Sent
  mail_to anna@example.com
  grep -q "Welcome aboard" "$WORK/mail" || fail "the mail does not hold the message"
  local token
  token="$(token_for "roleinvitations/$INVITATION/accept")"
  local -a person=(login=anna "pwd=$PASSWORD" firstname=Anna surname=Ek)
  visit 403:3 PUT "roleinvitations/$INVITATION/accept" token=wrong "${person[@]}"
  visit 400:1 PUT "roleinvitations/$INVITATION/accept" "token=$token" login=anna pwd=short
  visit 200 PUT "roleinvitations/$INVITATION/accept" "token=$token" "${person[@]}"
  visit 403:3 PUT "roleinvitations/$INVITATION/accept" "token=$token" "${person[@]}"
  ask 200 GET "roleinvitations/$INVITATION"
  is state Accepted
  ask 200 GET users/ login=anna exactMatch=true
  ANNA="$(id)"
  ask 200 GET "users/$ANNA"
  is status Pending
  is email anna@example.com
  is organization acme
  ask 200 GET "users/$ANNA/roles"
  has_none
  ask 403:3 POST "users/$ANNA/authenticate" "pwd=$PASSWORD"
}

anna_is_approved() {
  ask 200 GET workflows/ state=Pending
  local workflow
  workflow="$(id)"
  ask 200 GET "workflows/$workflow"
  is type registration
  is user "$ANNA"
  is role "$SIGNATORY"
  ask 200 PUT "workflows/$workflow/approve"
  ask 409:15 PUT "workflows/$workflow/reject"
  ask 200 GET "workflows/$workflow"
  is state Approved
  is decidedBy restuser
  mail_to anna@example.com
  ask 200 GET "users/$ANNA"
  is status Enabled
  ask 200 POST "users/$ANNA/authenticate" "pwd=$PASSWORD"
  is login anna
  ask 403:3 POST "users/$ANNA/authenticate" "pwd=another password"
  ask 200 GET "users/$ANNA/roles"
  has_ids "$SIGNATORY" "$READER"
}

anna_has_roles() {
  ask 200 PUT "users/$ANNA/roles/acme%2FAuditor"
  ask 200 GET "users/$ANNA/roles"
  has_ids "$SIGNATORY" "$READER" "$AUDITOR"
  ask 200 GET "roles/$AUDITOR/users"
  has_ids "$ANNA"
}

# Of the organization to another one; of a person to somebody who is not registered yet.
mandates_are_given() {
  ask 400:10 POST mandates/ "mandater=$BUREAU" "mandatee=$ACME" "role=$SIGNATORY"
  ask 200 POST mandates/ "mandater=$ACME" "mandatee=$BUREAU" "role=$SIGNATORY" name=Audit "validUntil=$(now_it_is '+1 day')"
  MANDATE="$(id)"
  ask 200 GET "mandates/$MANDATE"
  is type OrgToOrg
  is state Active
  ask 200 GET "mandates/$MANDATE" entities=true
  [[ "$(look "string(//*[local-name()='Entity']/*[@name='technicalName']/*)")" == acme ]] || fail "the mandater is not told whole"
  ask 200 GET "organizations/$BUREAU/receivedmandates"
  has_ids "$MANDATE"
  ask 200 POST mandates/ "mandater=$ANNA" assigneeEmail=carl@example.com "role=$AUDITOR"
  PERSONAL="$(id)"
  ask 200 GET "mandates/$PERSONAL"
  is state Invited
  mail_to carl@example.com
  ask 200 GET mandateinvitations/ "mandate=$PERSONAL"
  local offer token
  offer="$(id)"
  token="$(token_for "mandateinvitations/$offer/accept")"
  visit 200 PUT "mandateinvitations/$offer/accept" "token=$token" login=carl "pwd=$PASSWORD"
  ask 200 GET users/ login=carl exactMatch=true
  CARL="$(id)"
  ask 200 GET "mandates/$PERSONAL"
  is state Active
  is mandatee "$CARL"
  is type PerToPer
}

it_is_delegated() {
  ask 200 GET "users/$BERTIL/effectiveroles"
  has_none
  ask 400:10 POST "mandates/$MANDATE/delegations" "user=$ANNA"
  ask 200 POST "mandates/$MANDATE/delegations" "user=$BERTIL"
  DELEGATION="$(id)"
  ask 409:4 POST "mandates/$MANDATE/delegations" "user=$BERTIL"
  ask 200 GET "users/$BERTIL/receivedmandatedelegations"
  has_ids "$MANDATE"
}

# The value of an attribute of the way in which a role counts.
way() { look "//*[local-name()='EffectiveRole'][*[@name='role']/*='$1']/*[@name='$2']/*/text()"; }

it_is_explained() {
  ask 200 GET "users/$BERTIL/effectiveroles"
  has_ids "$SIGNATORY" "$READER"
  ask 200 GET "users/$BERTIL/effectiveroles" entities=true
  [[ "$(way "$SIGNATORY" source)" == delegation ]] || fail "not by delegation: $(way "$SIGNATORY" source)"
  [[ "$(way "$SIGNATORY" roleName)" == acme/Signatory ]] || fail "not the role's name"
  [[ "$(way "$SIGNATORY" mandater)" == "$ACME" ]] || fail "not for acme"
  [[ "$(way "$SIGNATORY" via)" == "$MANDATE"$'\n'"$DELEGATION" ]] || fail "not through mandate and delegation"
  [[ "$(way "$READER" via)" == "$MANDATE"$'\n'"$DELEGATION"$'\n'"$SIGNATORY" ]] || fail "not through what includes it"
  [[ -n "$(way "$SIGNATORY" validUntil)" ]] || fail "no end is told"
  ask 200 GET "users/$CARL/effectiveroles" entities=true
  [[ "$(way "$AUDITOR" source)" == mandate && "$(way "$AUDITOR" mandater)" == "$ANNA" ]] || fail "carl does not act for anna"
}

# What came of a mandate is gone at the next request.
it_is_revoked() {
  ask 200 PUT "mandates/$MANDATE/revoke"
  ask 200 GET "users/$BERTIL/effectiveroles" entities=true
  [[ -z "$(way "$SIGNATORY" source)$(way "$READER" source)" ]] || fail "bertil still has a role"
  ask 404:7 GET "delegations/$DELEGATION"
  ask 200 GET "mandates/$MANDATE/delegations"
  has_none
  ask 200 GET "users/$BERTIL/receivedmandatedelegations"
  has_none
  ask 200 GET "mandates/$MANDATE"
  is state Revoked
  ask 409:15 PUT "mandates/$MANDATE/revoke"
  ask 409:15 POST "mandates/$MANDATE/delegations" "user=$BERTIL"
  ask 200 DELETE "users/$ANNA/roles/$AUDITOR"
  ask 200 GET "users/$CARL/effectiveroles"
  has_none
  ask 200 GET "mandates/$PERSONAL"
  is state Revoked
}

# A user who is invited by name, and invited again: the first token is dead then.
dora_is_invited_again() {
  ask 200 POST users/invite email=dora@example.com login=dora "organizationId=$BUREAU"
  DORA="$(id)"
  ask 200 GET "users/$DORA"
  is status "Waiting for registration"
  mail_to dora@example.com
  ask 200 GET "users/$DORA/roleinvitations"
  local invitation first second
  invitation="$(id)"
  first="$(token_for "roleinvitations/$invitation/accept")"
  ask 200 PUT "users/$DORA/reinvite"
  [[ "$(look 'local-name(/*)')" == ReinviteResponse ]] || fail "not a ReinviteResponse"
  mail_to dora@example.com
  second="$(token_for "roleinvitations/$invitation/accept")"
  visit 403:3 PUT "roleinvitations/$invitation/accept" "token=$first" "pwd=$PASSWORD"
  visit 200 PUT "roleinvitations/$invitation/accept" "token=$second" "pwd=$PASSWORD"
  ask 409:15 PUT "users/$DORA/reinvite"
  ask 200 GET "users/$DORA"
  is status Enabled
}

everything_is_deleted() {
  ask 200 DELETE "users/$ANNA"
  ask 404:7 GET "users/$ANNA"
  ask 404:7 GET "mandates/$PERSONAL"
  ask 404:7 GET "roleinvitations/$INVITATION"
  ask 409:10 DELETE "organizations/$ACME"
  ask 200 DELETE "organizations/$ACME" recursive=true
  has_ids "$ACME"
  ask 404:7 GET "mandates/$MANDATE"
  ask 404:7 GET "roles/$SIGNATORY"
  ask 200 DELETE "organizations/$BUREAU" recursive=true
  ask 404:7 GET "users/$DORA"
  ask 404:7 GET "users/$BERTIL"
  ask 200 DELETE "users/$CARL"
  local path
  for path in users roles mandates delegations roleinvitations mandateinvitations workflows; do
    ask 200 GET "$path"
    has_none
  done
  ask 200 GET auditevents "entityId=$ANNA" maxResults=1
  [[ -n "$(ids)" ]] || fail "no record is left of anna"
  ask 200 GET outbox state=queued
  has_none
}

main() {
  local tool store=SQLite
  if [[ -n "${2:-}" ]]; then store=PostgreSQL; fi
  for tool in xmllint curl python3; do command -v "$tool" >/dev/null || fail "$tool is not installed"; done
  BINARY="$(realpath "${1:?usage: whole-life.sh BINARY [DATABASE_URL]}")"
  [[ -x "$BINARY" ]] || fail "$BINARY cannot be run"
  start_sink
  configure "${2:-}"
  start_server
  organizations
  anna_is_invited
  anna_is_approved
  anna_has_roles
  mandates_are_given
  it_is_delegated
  it_is_explained
  it_is_revoked
  dora_is_invited_again
  everything_is_deleted
  stop_server
  say "a whole life on $store: $ASKED answers as they must be, $MAILS mails received"
}

main "$@"
