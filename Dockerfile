# Signalbox with a PostgreSQL of yours (DATABASE_URL). The embedded PostgreSQL is left out: it is for one machine's data folder.

FROM node:24-bookworm-slim AS build
WORKDIR /signalbox
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /signalbox
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev --omit=optional

FROM node:24-bookworm-slim
WORKDIR /signalbox
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/tmp/signalbox
COPY --from=dependencies /signalbox/node_modules node_modules
COPY --from=build /signalbox/dist dist
COPY package.json LICENSE ./
# Nothing here is the server's to change: it runs with a read-only file system, and needs /tmp only for a generated token.
USER node
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# The process itself is told to stop: it answers what is under way and gives its lanes back.
STOPSIGNAL SIGTERM
CMD ["node", "--max-semi-space-size=64", "dist/src/main.js"]
