# One image holds every program; what a container runs is its command:
#   docker run payfan:local node services/email/dist/main.js
#   docker run payfan:local node shared/database/dist/migrate-main.js
# The pages have libraries of their own, and an image of their own: docker build --target web .

# The manifests alone: the stages below install anew when one of these changes, and not with every source.
FROM node:24-slim AS manifests
WORKDIR /app
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
 && find . -type d -empty -delete

# What programs need to run. shared/stack starts the system where there are no containers: its libraries
# (testcontainers, PostgreSQL's binaries) are left out, which makes the image 100 MB smaller.
FROM node:24-slim AS libraries
WORKDIR /app
COPY --from=manifests /app ./
RUN npm pkg delete dependencies optionalDependencies devDependencies --workspace=@payfan/stack --workspace=@payfan/tests \
 && npm ci --workspace=services --omit=dev --ignore-scripts

FROM node:24-slim AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci --omit=optional --ignore-scripts
COPY . .
RUN npx tsc -b $(find services -mindepth 1 -maxdepth 1 ! -name web)
# What programs run and what the migrator reads, without declarations, maps and sources.
RUN mkdir /programs \
 && find services shared -type f \( -path '*/dist/*.js' -o -path '*/migrations/*.sql' \) ! -path 'shared/stack/*' > /files \
 && tar -cf - -T /files | tar -xf - -C /programs

FROM node:24-slim AS programs
ENV NODE_ENV=production
WORKDIR /app
COPY --from=libraries /app ./
COPY --from=build /programs ./
USER node

FROM build AS pages
ENV NEXT_TELEMETRY_DISABLED=1
RUN npx tsc -b shared/live-client && cd services/web && npm ci --ignore-scripts && npm run build

FROM node:24-slim AS web
ENV NODE_ENV=production
WORKDIR /app
COPY --from=pages /app/services/web/.next/standalone ./
USER node
CMD ["node", "services/web/server.js"]

# What is built where nothing else is asked for.
FROM programs
