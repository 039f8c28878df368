#!/bin/sh
# Starts the Temporal server. Its configuration takes the database password from the environment only, so it is read here
# from the secret's file: then it is neither in the compose file nor in `docker inspect`.
set -eu

POSTGRES_PWD=$(cat "$POSTGRES_PASSWORD_FILE")
export POSTGRES_PWD

exec /etc/temporal/entrypoint.sh
