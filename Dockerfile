# The gateway, its Auth API and its command line in one image.
#
#   docker build -t rolegate .                                    the image
#   docker build --target sbom --output build .                   build/sbom.cdx.json: what is in it (CycloneDX)
#   docker run -v ./gateway.yaml:/etc/rolegate/gateway.yaml:ro -p 8080:8080 rolegate
#   docker run --rm -p 127.0.0.1:8080:8080 rolegate demo
#
# Any image with Node 26 will do as base; npm is needed in the first stages alone.
ARG BASE=node:26-trixie-slim
ARG RUNTIME=${BASE}

# What they make is for any processor, so another image than that of this machine needs no emulation.
FROM --platform=$BUILDPLATFORM ${BASE} AS manifest
WORKDIR /app
ENV npm_config_cache=/var/cache/npm
COPY package.json package-lock.json .npmrc ./

# Everything that the compiler needs.
FROM manifest AS compiled
RUN --mount=type=cache,target=/var/cache/npm npm ci
COPY tsconfig*.json ./
COPY bin bin
COPY scripts/build-program.ts scripts/bundled-licenses.ts scripts/prune-types.ts scripts/
COPY src src
RUN npm run build && find dist -name '*.d.ts' -delete

# Only what runs: the versions of the lock file, without tools, and without the Node that the base has already.
FROM manifest AS program
RUN --mount=type=cache,target=/var/cache/npm npm ci --omit=dev --omit=optional \
 && npm pkg delete devDependencies optionalDependencies scripts
COPY scripts/sbom.ts scripts/
RUN node scripts/sbom.ts > sbom.cdx.json
COPY --from=compiled /app/dist dist
COPY config/demo.yaml config/
COPY config/haproxy/rolegate.lua config/haproxy/
COPY LICENSE ./
# `rolegate` for whoever runs a command in a container.
RUN mkdir bin && ln -s ../dist/main.js bin/rolegate && chmod +x dist/main.js
# Types, maps and second builds of the same code are for whoever compiles. One date for all files: the same sources make
# the same layer.
RUN find node_modules \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) -delete \
 && rm -rf scripts package-lock.json .npmrc node_modules/.package-lock.json node_modules/.bin \
 && find . -depth -exec touch --no-dereference --date=@0 {} +

FROM scratch AS sbom
COPY --from=program /app/sbom.cdx.json /

FROM ${RUNTIME}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Rolegate" \
      org.opencontainers.image.description="Authentication gateway: authenticates every request, enforces role rules, forwards or refuses" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    PATH=/app/bin:${PATH} \
    ROLEGATE_CONFIG=/etc/rolegate/gateway.yaml \
    ROLEGATE_LISTEN=:8080 \
    ROLEGATE_AUTH_API_CONFIG=/etc/rolegate/auth-api.yaml
COPY --from=program /app /app
WORKDIR /app
USER 65532:65532
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --start-interval=1s \
  CMD ["node", "/app/dist/main.js", "healthcheck"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve", "--config", "/etc/rolegate/gateway.yaml"]
