# The temporal-hex worker, CLI and sandbox. glibc, because the Temporal SDK has no native library for musl (Alpine).
ARG NODE_IMAGE=node:22.23.3-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/
COPY src src
COPY docker/keep-native-library.sh docker/slim-modules.mjs docker/
# The last step loads the native library, so that an image without it fails here and not in production.
RUN npm run build \
  && npm sbom --omit=dev --package-lock-only --sbom-format=cyclonedx >sbom.cdx.json \
  && npm prune --omit=dev \
  && sh docker/keep-native-library.sh . \
  && node docker/slim-modules.mjs . \
  && node --input-type=module --eval "await import('@temporalio/worker')"

FROM ${NODE_IMAGE}
# The Temporal SDK takes its certificate authorities from the system, and a slim image has none: TLS needs them.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# Else each thread of the SDK's native part keeps memory of its own that it has used once.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
COPY --from=build /app/package.json /app/sbom.cdx.json ./
COPY LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN ln -s /app/dist/cli.js /usr/local/bin/temporal-hex
USER node
ARG VERSION=local
ARG REVISION=unknown
LABEL org.opencontainers.image.title="temporal-hex" \
  org.opencontainers.image.description="Worker for durable Hex pipelines on Temporal" \
  org.opencontainers.image.source="https://github.com/temporal-hex/temporal-hex" \
  org.opencontainers.image.documentation="https://github.com/temporal-hex/temporal-hex/blob/main/docs/deploy.md" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENTRYPOINT ["node", "/app/dist/cli.js"]
CMD ["worker"]
