#!/bin/sh
# Writes .env from .env.example with a new database password, readable by you alone. Leaves an existing .env as it is.
set -eu
cd "$(dirname "$0")/.."

if [ -e .env ]; then
  echo ".env is there already, nothing done."
  exit 0
fi

umask 077
password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
sed "s/^POSTGRES_PASSWORD=.*/POSTGRES_PASSWORD=$password/" .env.example >.env
echo "Wrote .env with a new POSTGRES_PASSWORD. Now put your HEX_API_TOKEN into it, or choose the sandbox there."
