#!/usr/bin/env bash
# Brings docker-compose.yml up for real, on an engine at hand and beside whatever runs there, and removes it again: a missing
# token is told before anything starts; everything gets healthy, with limits of memory and logs; a pipeline in the sandbox
# goes on when its worker is killed; Prometheus reads the worker. Prints figures. Without an engine it says so and ends with 0.
set -euo pipefail
cd "$(dirname "$0")/.."
skip() { echo "Skipped: $1"; exit 0; }
docker info >/dev/null 2>&1 || skip "no Docker engine answers (docker info)."
docker compose version >/dev/null 2>&1 || skip "this Docker has no Compose. It takes 2.24 or newer."

folder=$(mktemp -d)
cleanup() {
  [ $? -eq 0 ] || { docker compose ps --all; docker compose logs --tail 10; } >&2 || true
  docker compose --profile metrics down --volumes --timeout 5 >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap cleanup EXIT
# An empty .env: yours is of your own installation.
: >"$folder/.env"
export COMPOSE_PROJECT_NAME=temporal-hex-try COMPOSE_ENV_FILES="$folder/.env"
# A file of your own, such as for the proxy of your network, comes last.
export COMPOSE_FILE=docker-compose.yml:docker/compose.sandbox.yml${TRY_COMPOSE_FILE:+:$TRY_COMPOSE_FILE}
export POSTGRES_PASSWORD=only-for-this-try
export TEMPORAL_PORT=${TEMPORAL_PORT:-17233} TEMPORAL_UI_PORT=${TEMPORAL_UI_PORT:-18233} PROMETHEUS_PORT=${PROMETHEUS_PORT:-19090}
unset HEX_API_TOKEN

say() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
in_worker() { docker compose exec --no-TTY worker "$@"; }
of() { docker inspect --format "$2" "$(docker compose ps --all --quiet "$1")"; }
# The sandbox asks for no token.
running() { docker compose ps --status running --services | grep --invert-match --extended-regexp 'localhost|sandbox' || true; }
must() { [ "$2" = "$3" ] || { echo "$1: $2 instead of $3" >&2; exit 1; }; }

# For a minute at most.
retry() {
  for _ in $(seq 30); do
    if "$@"; then return 0; fi
    sleep 2
  done
  return 1
}

say "Build"
docker compose build --quiet

say "Without a token"
if docker compose up --detach >"$folder/up.log" 2>&1; then
  echo "It came up without a token." >&2
  exit 1
fi
grep HEX_API_TOKEN "$folder/up.log"
must "Services that run without a token" "$(running)" ""
if HEX_API_TOKEN='' docker compose up --detach >"$folder/up.log" 2>&1; then
  echo "It came up with an empty token." >&2
  exit 1
fi
docker compose logs --no-log-prefix settings | grep HEX_API_TOKEN
must "Services that run with an empty token" "$(running)" ""

say "With the sandbox"
export HEX_API_TOKEN=sandbox
before=$SECONDS
docker compose up --detach
retry in_worker temporal-hex run extract-project-id --wait
echo "From nothing to a run that has ended: $((SECONDS - before)) s."

say "Health and limits"
healthy() { [ "$(of "$1" '{{.State.Health.Status}}')" = healthy ]; }
for service in postgres temporal worker sandbox; do retry healthy "$service"; done
for service in $(docker compose ps --services); do
  [ "$(of "$service" '{{.HostConfig.Memory}}')" -gt 0 ] || { echo "$service has no limit of memory." >&2; exit 1; }
  must "Logs of $service" "$(of "$service" '{{.HostConfig.LogConfig.Config}}')" "map[max-file:5 max-size:10m]"
done

say "A worker that is killed while a pipeline runs"
in_worker temporal-hex pipeline - --workflow-id try-1 <examples/etl.yaml
sandbox_began=$(of sandbox '{{.State.StartedAt}}')
# Compose's own kill is a stop on purpose, after which nothing is restarted.
in_worker node --eval '
  for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid))
    if (fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("cli.js\0worker")) process.kill(Number(pid), "SIGKILL");
' || true
retry in_worker temporal-hex watch try-1
must "Restarts of the worker" "$(of worker '{{.RestartCount}}')" 1
must "Start of the sandbox" "$(of sandbox '{{.State.StartedAt}}')" "$sandbox_began"
runs=$(docker compose exec --no-TTY sandbox node --eval "
  fetch('http://127.0.0.1:4390/_sandbox/ledger').then((answer) => answer.json()).then(({ runs }) => console.log(runs.length))")
must "Runs in Hex, of one run and a pipeline of three steps" "$runs" 4

say "Metrics"
docker compose up --detach prometheus
prometheus() { docker compose exec --no-TTY prometheus promtool "$@"; }
prometheus check config /etc/prometheus/prometheus.yml
sees_worker() { prometheus query instant http://127.0.0.1:9090 'temporal_hex_worker_ready == 1' | grep '=> 1'; }
retry sees_worker

say "Figures"
docker compose up --detach --force-recreate --no-deps worker
works() { docker compose logs --timestamps --no-log-prefix worker | grep --max-count 1 'works on task queue' >"$folder/works"; }
retry works
node --print "\`Cold start of the worker: \${(new Date('$(cut -d' ' -f1 "$folder/works")') - new Date('$(of worker '{{.State.StartedAt}}')')) / 1000} s\`"
docker image inspect --format 'Image: {{.Size}} bytes.' temporal-hex:local
echo "Packages in it: $(in_worker du -sm /app/node_modules | cut -f1) MB; what is built: $(in_worker du -sm /app/dist | cut -f1) MB."
retry healthy worker
docker stats --no-stream --format '{{.Name}}: {{.MemUsage}}' $(docker compose ps --quiet)

say "All of it works"
