#!/usr/bin/env bash
# Brings docker-compose.yml up for real, on an engine at hand and beside whatever runs there, and removes it again:
# a missing token is told before anything starts; a run in the sandbox ends well; and again after the worker has crashed.
set -euo pipefail
cd "$(dirname "$0")/.."
docker compose version >/dev/null || { echo "This needs Docker with Compose 2.24 or newer." >&2; exit 1; }

folder=$(mktemp -d)
cleanup() {
  docker compose down --volumes --timeout 5 >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap cleanup EXIT
# An empty .env: yours is of your own installation.
: >"$folder/.env"
export COMPOSE_PROJECT_NAME=temporal-hex-try COMPOSE_ENV_FILES="$folder/.env"
export COMPOSE_FILE=docker-compose.yml:docker/compose.sandbox.yml
export POSTGRES_PASSWORD=only-for-this-try TEMPORAL_PORT=${TEMPORAL_PORT:-17233} TEMPORAL_UI_PORT=${TEMPORAL_UI_PORT:-18233}
unset HEX_API_TOKEN

say() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
run() { docker compose exec --no-TTY worker temporal-hex run extract-project-id --wait; }

# Until the worker runs again, for a minute at most.
retry() {
  for _ in $(seq 30); do
    if "$@"; then return 0; fi
    sleep 2
  done
  return 1
}

say "Without a token"
docker compose build --quiet
if docker compose up --detach >"$folder/up.log" 2>&1; then
  echo "It came up without a token." >&2
  exit 1
fi
grep HEX_API_TOKEN "$folder/up.log"
[ -z "$(docker compose ps --quiet postgres)" ] || [ -z "$(docker compose ps --status running --quiet postgres)" ]

say "With the sandbox"
export HEX_API_TOKEN=sandbox
docker compose up --detach
retry run

say "After a crash of the worker"
docker compose exec --no-TTY worker node --eval '
  for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid))
    if (fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("cli.js\0worker")) process.kill(Number(pid), "SIGKILL");
' || true
retry run

say "All of it works"
docker image inspect --format 'The image has {{.Size}} bytes.' temporal-hex:local
docker compose ps
