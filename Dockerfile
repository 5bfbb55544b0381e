# One image holds every program; what a container runs is its command:
#   docker run payfan:local services/email/dist/main.js
#   docker run payfan:local shared/database/dist/migrate-main.js
# The pages have libraries of their own, and an image of their own: docker build --target web .

# The manifests alone: the stages below install anew when one of these changes, and not with every source.
FROM node:24.21-slim AS manifests
WORKDIR /app
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
 && find . -type d -empty -delete

# What programs need to run. shared/stack starts the system where there are no containers: its libraries
# (testcontainers, PostgreSQL's binaries) are left out, which makes the image 100 MB smaller.
FROM node:24.21-slim AS libraries
WORKDIR /app
COPY --from=manifests /app ./
RUN npm pkg delete dependencies optionalDependencies devDependencies --workspace=@payfan/stack --workspace=@payfan/tests \
 && npm ci --workspace=services --omit=dev --ignore-scripts

FROM node:24.21-slim AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci --omit=optional --ignore-scripts
COPY . .
RUN npx tsc -b $(find services -mindepth 1 -maxdepth 1 ! -name web)
# What programs run and what the migrator reads, without declarations, maps and sources.
RUN mkdir /programs \
 && find services shared -type f \( -path '*/dist/*.js' -o -path '*/migrations/*.sql' \) ! -path 'shared/stack/*' > /files \
 && tar -cf - -T /files | tar -xf - -C /programs

FROM node:24.21-slim AS programs
ENV NODE_ENV=production
WORKDIR /app
COPY --from=libraries /app ./
COPY --from=build /programs ./
USER node
# How V8 collects garbage is told here, as NODE_OPTIONS does not take it (docs/adr/0017-bulk-gives-way.md).
ENTRYPOINT ["node", "--initial-old-space-size=128", "--no-parallel-scavenge"]

FROM build AS pages
ENV NEXT_TELEMETRY_DISABLED=1
RUN npx tsc -b shared/live-client && cd services/web && npm ci --ignore-scripts && npm run build

FROM node:24.21-slim AS web
ENV NODE_ENV=production
WORKDIR /app
COPY --from=pages /app/services/web/.next/standalone ./
USER node
ENTRYPOINT ["node"]
CMD ["services/web/server.js"]

# What is built where nothing else is asked for.
FROM programs
