# The types of what is indexed are told before the first line is: they cannot be changed afterwards.
set -eu
until curl --silent --show-error --fail --request PUT --header "Content-Type: application/json" \
    --data @/opt/index-template.json "http://$SEARCH_HOST:$SEARCH_PORT/_index_template/headrace"; do
    sleep 2
done
exec rsyslogd -n
