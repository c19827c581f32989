import { randomUUID } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './admin-auth/problem.js';
import { securityHeaders } from './admin-auth/security-headers.js';
import { serveDocs } from './admin-api/openapi.js';
import { AppModule } from './app.module.js';
import { demo, seedDemo } from './channels/simulator/demo-data.js';
import { readAdminToken, type AdminToken } from './config/admin-token.js';
import { readCertificate, type Certificate } from './config/certificate.js';
import { readKeyRing } from './config/key-ring.js';
import type { Settings } from './config/settings.js';
import { builtConsoleFolder, serveConsole } from './console/serve-console.js';
import { openCore, type Core } from './core.js';
import { GraphError } from './graph-api/graph-error.js';
import { isOwnPath } from './graph-api/own-paths.js';
import { traceIdOf } from './graph-api/trace-id.js';
import { fastifyLimits, limitHttp, serverLimits } from './http-limits.js';
import { NestLogger, openLogger } from './logger.js';
import { SessionStore } from './store/session.store.js';
import { OperatingStore } from './store/operating.store.js';
import { accessRefused, requestAnswered, type InterfaceName } from './telemetry/signals.js';
import { defaultDataDir, startEmbeddedPostgres, type EmbeddedPostgres } from './store/embedded-postgres.js';

/** How long requests under way may take to end when the server stops, in milliseconds. */
const shutdownGraceMs = 5_000;
/** How often connections that have become idle are closed meanwhile. */
const idleSweepMs = 50;

/** A running Signalbox. */
export interface Server {
  /** Where it listens, as `http://127.0.0.1:3000`, with `https` if it has a certificate. */
  readonly url: string;
  readonly dataDir: string;
  /** Whether the database is our own. */
  readonly embedded: boolean;
  readonly adminToken: AdminToken;
  /** What it serves HTTPS with; null: it serves HTTP. */
  readonly certificate: Certificate | null;
  readonly core: Core;
  /** A code that signs a browser in once, within a quarter of an hour. */
  createSignInCode(): Promise<string>;
  /** Stops accepting, answers what is under way, and leaves everything ready for the next start. */
  stop(): Promise<void>;
}

/** Starts everything: the database if none is configured, the core, the interfaces. `logTo` is an open file. */
export async function startServer(settings: Settings, logTo?: number): Promise<Server> {
  const logger = openLogger(settings.values.LOG_LEVEL, logTo);
  const reportFailure = (error: unknown, doing: string) => logger.error({ err: error }, `failed while ${doing}`);
  const dataDir = defaultDataDir(settings.values);
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    let database: EmbeddedPostgres | null = null;
    let databaseUrl = settings.values.DATABASE_URL;
    if (databaseUrl === undefined) {
      database = await startEmbeddedPostgres({ dataDir });
      closing.push(() => database?.stop() ?? Promise.resolve());
      databaseUrl = database.url;
    }
    const adminToken = await readAdminToken(settings.values.ADMIN_TOKEN, dataDir);
    const certificate = await readCertificate(settings, dataDir);
    const keyRing = await readKeyRing(settings.values.KEYRING, dataDir);
    const core = await openCore(settings, databaseUrl, keyRing, reportFailure);
    closing.push(() => core.close());
    const undurable = await new OperatingStore(core.dataSource).undurableSettings();
    // Nobody minds in the emulator.
    if (settings.gateway && undurable.length > 0) {
      logger.warn({ settings: undurable }, 'the database is not durable: a crash of it loses what was acknowledged');
    }
    if (settings.values.DEMO ?? (!settings.gateway && database !== null)) await seedDemoIfEmpty(core);

    const sessions = new SessionStore(core.dataSource, {
      idleMinutes: settings.values.SESSION_IDLE_MINUTES ?? (settings.gateway ? 30 : 12 * 60),
      hours: settings.values.SESSION_HOURS,
    });
    const app = await NestFactory.create<NestFastifyApplication>(
      AppModule.register(core, { adminToken, sessions }),
      new FastifyAdapter({
        ...(certificate === null
          ? { http: serverLimits }
          : { https: { ...serverLimits, cert: certificate.cert, key: certificate.key } }),
        ...fastifyLimits(settings),
        // The longest is a link's ref of 2,083 characters, each up to four bytes and escaped.
        routerOptions: { maxParamLength: 2_083 * 12 },
        forceCloseConnections: 'idle',
        genReqId: () => randomUUID(),
        frameworkErrors: answerUnreadableAddress,
      }),
      { bodyParser: false, logger: new NestLogger(logger), abortOnError: false },
    );
    // A generated certificate is for trying out: the host it names must stay reachable over HTTP.
    sendSecurityHeaders(app.getHttpAdapter().getInstance(), certificate !== null && certificate.authorityFile === null);
    acceptBodies(app.getHttpAdapter().getInstance());
    countRequests(app.getHttpAdapter().getInstance());
    limitHttp(app.getHttpAdapter().getInstance(), settings, isOwnApi);
    await serveConsole(app.getHttpAdapter().getInstance(), builtConsoleFolder(), settings.values.INSPECTOR_HOSTED);
    serveDocs(app);
    await app.init();
    // Not through Nest, which would log a failure that whoever started us is told anyway.
    const { PORT: port, HOST: host } = settings.values;
    const url = await app.getHttpAdapter().getInstance().listen({ port, host });
    core.timers.start();
    core.dispatcher.start();
    core.retention.start();
    closing.push(async () => {
      // Whoever is being answered gets the answer; a client that holds its connection open does not hold us up.
      const giveUp = setTimeout(() => app.getHttpServer().closeAllConnections(), shutdownGraceMs);
      // A connection whose last answer is out is idle only then, and a client may keep it for minutes.
      const sweep = setInterval(() => app.getHttpServer().closeIdleConnections(), idleSweepMs);
      await app.close().finally(() => {
        clearTimeout(giveUp);
        clearInterval(sweep);
      });
      await core.retention.stop();
      await core.timers.stop();
      await core.dispatcher.stop();
    });
    return {
      url: url.replace('[::1]', 'localhost'),
      dataDir,
      embedded: database !== null,
      adminToken,
      certificate,
      core,
      createSignInCode: () => sessions.createCode(),
      stop: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Gives an empty database the demo's page and apps; a start that was killed while it did so is made good. */
async function seedDemoIfEmpty({ configuration, configStore, clock }: Core): Promise<void> {
  const { pages } = configuration.current();
  const page = pages.get(demo.page);
  const unfinished = page?.routing.messenger.defaultAppId === null && !page.adRoutes.has(demo.ad);
  if (pages.size === 0 || unfinished) await seedDemo(configStore, clock.now());
}

/** A reply of an HTTP or an HTTPS server, whose types have little else in common. */
interface AnyReply {
  readonly raw: {
    writeHead(status: number, headers: Record<string, string>): unknown;
    end(body: string): unknown;
  };
}

/**
 * Fastify answers an address it cannot decode before any filter of ours, and repeats it: with the access token in it.
 */
function answerUnreadableAddress(_: Error, request: Pick<FastifyRequest, 'url' | 'id'>, reply: AnyReply): void {
  const sentence = 'The address cannot be read: it has a "%" that begins no escape sequence.';
  const own = isOwnPath(request.url);
  const problem = new Problem('invalid_request', sentence);
  const error = new GraphError('unreadable_body', sentence);
  reply.raw.writeHead(400, {
    'content-type': own ? 'application/problem+json; charset=utf-8' : 'application/json; charset=UTF-8',
  });
  reply.raw.end(JSON.stringify(own ? problem.body(request.id) : error.envelope(traceIdOf(request.id))));
}

/** On the answer itself and not through Fastify, so that streams which bypass it carry them too. */
function sendSecurityHeaders(fastify: FastifyInstance, lastingHttps: boolean): void {
  const headersOf = securityHeaders(lastingHttps);
  fastify.addHook('onRequest', (request, { raw }, done) => {
    for (const [name, value] of headersOf(request.url)) raw.setHeader(name, value);
    done();
  });
}

/**
 * Our own API takes JSON and nothing else. Everywhere else the body stays as the bytes that were sent: signatures are over
 * them, and clients of the platform label them in every way.
 */
function acceptBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  // Fastify refuses a label that is no media type; clients of the platform may send any, and the body counts.
  fastify.addHook('onRequest', (request, _, done) => {
    const label = request.headers['content-type'];
    if (label !== undefined && !/^[\w.+-]+\/[\w.+-]+\s*(;|$)/.test(label) && !isOwnApi(request.url)) {
      delete request.headers['content-type'];
    }
    done();
  });
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isOwnApi(request.url)) done(null, body);
    // Some clients label a request without a body as JSON.
    else if (body.length === 0) done(null, undefined);
    else void parseJson(request, body.toString(), done);
  });
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isOwnApi(request.url)) done(null, body);
    else if (body.length === 0) done(null, undefined);
    else done(Object.assign(new Error('The body must be JSON (Content-Type: application/json).'), { statusCode: 415 }));
  });
}

/** Tells metrics of every answer; a token that was refused by our own API is seen here, whoever refused it. */
function countRequests(fastify: FastifyInstance): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const name = interfaceOf(request.url);
    requestAnswered.tell({
      interface: name,
      method: request.method,
      status: reply.statusCode,
      durationMs: reply.elapsedTime,
    });
    if (name === 'admin' && reply.statusCode === 401) accessRefused.tell({ interface: 'admin' });
    done();
  });
}

function interfaceOf(url: string): InterfaceName {
  if (isOwnApi(url)) return 'admin';
  if (url.startsWith('/webhooks/')) return 'ingress';
  return isOwnPath(url) ? 'operating' : 'graph';
}

function isOwnApi(url: string): boolean {
  return url.startsWith('/api/');
}
