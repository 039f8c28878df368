#!/bin/sh
# Creates the namespace if it is not there, and returns when it can be used. Safe to run again.
# Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE (as the temporal command itself does) and NAMESPACE_RETENTION.
set -eu

# Runs a command once a second until it succeeds, and says every 10 s what it waits for: wait_for <what> <command>.
wait_for() {
  began=$(date +%s)
  told=0
  until answer=$("$2" 2>&1); do
    waited=$(($(date +%s) - began))
    if [ "$waited" -ge 60 ]; then
      echo "Waited a minute in vain for $1: $answer. See the server's log: docker compose logs temporal" >&2
      return 1
    fi
    if [ "$waited" -ge $((told + 10)) ]; then
      told=$waited
      echo "Waiting for $1 for $waited s: $answer"
    fi
    sleep 1
  done
}

# No single question may take long, such as one of a name that nobody resolves.
ask() {
  temporal --command-timeout 5s "$@"
}

healthy() {
  ask operator cluster health
}

exists() {
  ask operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1
}

usable() {
  ask workflow count
}

wait_for "the Temporal server at $TEMPORAL_ADDRESS" healthy
if exists; then
  echo "Namespace $TEMPORAL_NAMESPACE is there."
else
  ask operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$NAMESPACE_RETENTION"
fi
# The server's parts learn of a new namespace one after the other; a worker that came too soon would be refused.
wait_for "namespace $TEMPORAL_NAMESPACE" usable
echo "Namespace $TEMPORAL_NAMESPACE can be used."
