#!/usr/bin/env bash
# Runs every command that README.md shows against a server with the sample data, and compares the answers with what
# README.md prints. Every XML answer must also be valid against schema/, and the server must end well on SIGTERM.
#
# `bash tests/demo.sh [BINARY]`; without a binary the release build is made and taken. VALTUUS_BLESS=1 writes the
# answers into README.md instead of comparing. Answers are kept in target/demo-answers for tests/xsdata.sh. Ends what
# it starts, by its number; touches nothing outside a folder of its own and target/.
#
# In README.md: a line `$ COMMAND` in a block ```console is run, in order, in one working directory, and the lines
# behind it are its answer. ```console 404 says which status the block's requests are answered with; 200 otherwise.
set -euo pipefail
exec </dev/null
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"
ANSWERS="$TARGET/demo-answers"
BLESS="${VALTUUS_BLESS:-0}"
WORK="$(mktemp -d)"
SERVER="" BASE="" BINARY="" COMMANDS=0 FAILED=0
# Variables of the caller must not configure this server.
unset "${!VALTUUS_@}"

say() { printf '%s\n' "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }

finish() {
  local status=$?
  if [[ -n "$SERVER" ]] && kill -0 "$SERVER" 2>/dev/null; then kill -KILL "$SERVER" 2>/dev/null || true; fi
  if ((status != 0)) && [[ -s "$WORK/err" ]]; then tail -n 20 "$WORK/err" >&2; fi
  rm -rf "$WORK"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

choose_binary() {
  if [[ -n "${1:-}" ]]; then
    BINARY="$(realpath "$1")"
  else
    (cd "$ROOT" && cargo build --release --locked --quiet)
    BINARY="$TARGET/release/valtuus"
  fi
  [[ -x "$BINARY" ]] || fail "$BINARY cannot be run"
}

start_server() {
  cd "$WORK"
  ln -s "$ROOT/fixtures" fixtures
  "$BINARY" serve --demo --listen 127.0.0.1:0 >"$WORK/out" 2>"$WORK/err" &
  SERVER=$!
  for _ in $(seq 300); do
    if [[ -s "$WORK/out" ]]; then break; fi
    kill -0 "$SERVER" 2>/dev/null || fail "the server did not start"
    sleep 0.1
  done
  local ready
  ready="$(cat "$WORK/out")"
  [[ "$ready" =~ ^listening\ on\ (https://127\.0\.0\.1:[0-9]+)/customerid-rest/services/2\.0$ ]] \
    || fail "not the line of a server that is ready: $ready"
  BASE="${BASH_REMATCH[1]}"
}

stop_server() {
  kill -TERM "$SERVER"
  for _ in $(seq 150); do
    kill -0 "$SERVER" 2>/dev/null || break
    sleep 0.1
  done
  if kill -0 "$SERVER" 2>/dev/null; then fail "the server still runs 15 s after SIGTERM"; fi
  local status=0
  wait "$SERVER" || status=$?
  SERVER=""
  ((status == 0)) || fail "the server ended with status $status after SIGTERM"
  [[ "$(wc -l <"$WORK/out")" == 1 ]] || fail "the server printed more than its one line on stdout"
  [[ "$("$BINARY" check)" == clean ]] || fail "the store is not consistent afterwards"
}

# Which schema file an answer is held to, by its root element; none for what is a schema itself.
schema_of() {
  local root
  root="$(grep -oE '<[A-Za-z]+' "$1" | head -n 1)"
  case "$root" in
    '<error') echo error ;;
    '<xs') echo none ;;
    *) if grep -q "element name=\"${root#<}\"" "$ROOT/schema/cid-2.0.xsd"; then echo cid-2.0; else echo extension; fi ;;
  esac
}

# What README.md calls curl: also notes the status, keeps the answer, judges it and lays it out in lines.
curl() {
  local body="$WORK/body" schema
  : >"$body"
  command curl --silent --show-error --max-time 30 --output "$body" --write-out '%{http_code}\n' "$@" >>"$WORK/statuses"
  schema="$(schema_of "$body")"
  if [[ "$(head -c 5 "$body")" != '<?xml' || "$schema" == none ]]; then
    cat "$body"
    return
  fi
  xmllint --noout --nonet --schema "$ROOT/schema/$schema.xsd" "$body" 2>"$WORK/judgement" \
    || cat "$WORK/judgement" >>"$WORK/invalid"
  mkdir -p "$ANSWERS/$schema"
  cp "$body" "$ANSWERS/$schema/$(sha256sum "$body" | head -c 16).xml"
  xmllint --format "$body"
}

# What README.md calls valtuus. A running server learns of another process's commit within a second.
valtuus() {
  "$BINARY" "$@" 2>&1
  sleep 1.5
}

# Ids and keys that the server makes, instants, and the head of the trail differ from run to run.
mask() {
  sed -E -e 's/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/ID/g' \
    -e '/name="cn"/{n;s/>[^<]*</>CN</}' -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/INSTANT/g' \
    -e 's/[0-9]+:[0-9a-f]{64}/HEAD/g' -e 's/[0-9a-f]{64}/TXID/g' -e 's/"timestamp":[0-9]+/"timestamp":N/g' -e 's/\b[A-Za-z0-9]{50}\b/KEY/g' -e 's/[0-9]+ (records|wait)\b/N \1/g'
}

# In this shell, so that later commands know the variables that earlier ones have set.
run_command() {
  : >"$WORK/statuses"
  eval "${1//https:\/\/localhost:7443/$BASE}" >"$WORK/got" </dev/null || true
}

# Compares one answer: command, wanted status, wanted text, text.
compare() {
  local difference
  if grep -qvx "$2" "$WORK/statuses"; then
    say "$1"
    say "  answered $(tr '\n' ' ' <"$WORK/statuses")instead of $2"
    FAILED=$((FAILED + 1))
  elif [[ "$BLESS" != 1 ]] && ! difference="$(diff <(mask <<<"$3") <(mask <<<"$4"))"; then
    say "$1"
    say "$difference"
    FAILED=$((FAILED + 1))
  fi
}

read_readme() {
  local line inside=0 status=200 command="" wanted="" got=""
  close_command() {
    if [[ -z "$command" ]]; then return; fi
    compare "$command" "$status" "$wanted" "$got"
    if [[ "$BLESS" == 1 && -n "$got" ]]; then printf '%s\n' "$got" >&3; fi
    command=""
  }
  while IFS= read -r line; do
    if ((!inside)); then
      if [[ "$line" =~ ^\`\`\`console(\ ([0-9]+))?$ ]]; then inside=1 status="${BASH_REMATCH[2]:-200}"; fi
      printf '%s\n' "$line" >&3
    elif [[ "$line" == '```' ]]; then
      close_command
      inside=0
      printf '%s\n' "$line" >&3
    elif [[ "$line" == '$ '* ]]; then
      close_command
      command="${line#\$ }" wanted=""
      COMMANDS=$((COMMANDS + 1))
      run_command "$command"
      got="$(cat "$WORK/got")"
      printf '%s\n' "$line" >&3
    else
      wanted+="${wanted:+$'\n'}$line"
      if [[ "$BLESS" != 1 ]]; then printf '%s\n' "$line" >&3; fi
    fi
  done <"$ROOT/README.md" 3>"$WORK/README.md"
}

main() {
  command -v xmllint >/dev/null || fail "xmllint is not installed"
  choose_binary "${1:-}"
  rm -rf "$ANSWERS"
  start_server
  read_readme
  stop_server
  if [[ -s "$WORK/invalid" ]]; then
    cat "$WORK/invalid"
    fail "answers are not valid against their schema"
  fi
  ((FAILED == 0)) || fail "$FAILED of $COMMANDS commands are not answered as README.md says"
  if [[ "$BLESS" == 1 ]]; then cp "$WORK/README.md" "$ROOT/README.md"; fi
  local count
  count="$(find "$ANSWERS" -name '*.xml' | wc -l)"
  ((COMMANDS > 20 && count > 20)) || fail "only $COMMANDS commands with $count answers were found in README.md"
  say "$COMMANDS commands of README.md answered as it says, $count answers valid, stopped with status 0"
}

main "$@"
