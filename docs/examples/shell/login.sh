#!/bin/sh
# Signs in, makes a key pair, calls a route with each, and signs out: sh login.sh E-MAIL [FOLDER]
# Needs curl. Codes are read from standard input. With FOLDER the key pair stays, in two files that only you can read;
# without it the pair is revoked at the end.
set -eu

url="${ROLEGATE_URL:-http://localhost:8080}"
api=/api/auth/v2
email="${1:?usage: sh login.sh E-MAIL [FOLDER]}"
keep="${2-}"
credential=''
umask 077
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM

# call METHOD PATH [JSON]: leaves the answer in $scratch/body; a refusal ends the script.
# The credential goes to curl through a pipe: arguments are seen by everybody who can list processes.
call() {
  if [ "$1" = GET ]; then set -- "$1" "$2"; else set -- "$1" "$2" --data "${3-}"; fi
  method="$1" path="$2"
  shift 2
  status="$(printf '%s' "$credential" | curl -sS -K - -X "$method" -H 'content-type: application/json' --max-time 20 \
    -D "$scratch/headers" -o "$scratch/body" -w '%{http_code}' "$@" "$url$path")"
  case "$status" in
    200 | 202) printf '%s %s %s\n' "$status" "$method" "$path" >&2 ;;
    *)
      printf '%s %s %s\n' "$status" "$method" "$path" >&2
      grep -iE '^(x-error|x-error-id|retry-after):' "$scratch/headers" >&2 || :
      exit 1
      ;;
  esac
}

# field NAME: a text of the answer. Enough for flat JSON whose values hold no quotes, as those of the Auth API used here.
field() {
  sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$scratch/body"
}

# prove PATH: brings the code that was mailed.
prove() {
  id="$(field verificationCodeID)"
  printf 'code that was sent to you: ' >&2
  read -r code
  call PUT "$api$1" "{\"verificationCodeID\":\"$id\",\"code\":\"$code\"}"
}

call POST "$api/session" "{\"email\":\"$email\"}"
bearer="$(field bearer)"
session="$(field sessionID)"
prove /session/verification
as_session="header = \"authorization: Bearer $bearer\""
credential="$as_session"
call GET /orders/7

call POST "$api/keypair" '{"name":"login.sh","days":30}'
key="$(field apiKey)"
secret="$(field apiSecret)"
key_id="$(field keyID)"
prove /keypair/verification

# Never both at once: two kinds of credential are refused.
credential="$(printf 'header = "api-key: %s"\nheader = "api-secret: %s"' "$key" "$secret")"
call GET /orders/7
cat "$scratch/body"

credential="$as_session"
if [ -n "$keep" ]; then
  mkdir -p "$keep"
  printf '%s\n' "$key" > "$keep/api-key"
  printf '%s\n' "$secret" > "$keep/api-secret"
else
  call DELETE "$api/keypair/$key_id"
fi
call DELETE "$api/session/$session"
echo 'signed out' >&2
