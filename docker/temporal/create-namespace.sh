#!/bin/sh
# Creates the namespace if it is not there, and returns when it can be used. Safe to run again.
# Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE (as the temporal command itself does) and NAMESPACE_RETENTION.
set -eu

# Runs a command once a second until it succeeds: wait_for <what, for the error> <command>.
wait_for() {
  attempt=1
  until "$2"; do
    if [ "$attempt" -ge 60 ]; then
      echo "Waited a minute in vain for $1. See the server's log: docker compose logs temporal" >&2
      return 1
    fi
    attempt=$((attempt + 1))
    sleep 1
  done
}

healthy() {
  temporal operator cluster health >/dev/null 2>&1
}

exists() {
  temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1
}

usable() {
  temporal workflow count >/dev/null 2>&1
}

wait_for "the Temporal server at $TEMPORAL_ADDRESS" healthy
if exists; then
  echo "Namespace $TEMPORAL_NAMESPACE is there."
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$NAMESPACE_RETENTION"
fi
# The server's parts learn of a new namespace one after the other; a worker that came too soon would be refused.
wait_for "namespace $TEMPORAL_NAMESPACE" usable
echo "Namespace $TEMPORAL_NAMESPACE can be used."
