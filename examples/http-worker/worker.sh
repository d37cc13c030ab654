#!/bin/sh
# A worker in shell and curl. It runs jobs of the task shell.greet, one at a time, until it is told to stop.
#   HEADRACE_URL    where the server is (http://localhost:8080)
#   HEADRACE_TOKEN  its token, where it needs one
set -eu
server=${HEADRACE_URL:-http://localhost:8080}
token=${HEADRACE_TOKEN:-}

# call METHOD PATH BODY: what the server answers; a refusal ends the worker, with the problem on stderr.
call() {
    curl --silent --show-error --fail-with-body --request "$1" "$server$2" --data "$3" \
        --header 'Content-Type: application/json' ${token:+--header "Authorization: Bearer $token"}
}

# field NAME: the first text of that name in the JSON on stdin.
field() {
    grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4
}

# The work itself: arguments as JSON on stdin, the result as JSON on stdout. Failing means that the job failed.
greet() {
    name=$(field name)
    test "$name" != nobody || { echo 'nobody is not to be greeted' >&2; return 1; }
    printf '"Hello, %s!"' "$name"
}

me=$(call POST /v1/workers '{"queues": {"shell": 1}, "tasks": [{"name": "shell.greet", "queue": "shell",
    "arguments": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}]}' | field id)
echo "worker $me is ready" >&2
stopping=
trap 'stopping=yes' TERM INT

while test -z "$stopping"; do
    claimed=$(call POST "/v1/workers/$me/claim" '{"wait": "2s", "lease": "30s"}')
    test "$(echo "$claimed" | field order)" != stop || break
    id=$(echo "$claimed" | field id)
    test -n "$id" || continue # there was no job in time
    lease="\"id\": \"$id\", \"token\": \"$(echo "$claimed" | field token)\""

    # While the job runs, its lease is extended before a third of it is over.
    while sleep 8; do call POST "/v1/workers/$me/heartbeat" "{\"leases\": [{$lease}]}" >/dev/null; done &
    heart=$!
    errors=$(mktemp)
    if result=$(echo "$claimed" | greet 2>"$errors"); then
        outcome="{\"kind\": \"completed\", \"result\": $result}"
    else
        outcome="{\"kind\": \"failed\", \"error\": {\"type\": \"ShellError\", \"message\": \"$(tr -d '"\\\n' <"$errors")\"}}"
    fi
    kill "$heart"
    rm -f "$errors"
    settled=$(call POST "/v1/workers/$me/finish" "{\"jobs\": [{$lease, \"outcome\": $outcome}]}")
    echo "job $id: $settled" >&2
done
call DELETE "/v1/workers/$me" '' >/dev/null
