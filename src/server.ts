import { randomUUID } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './admin-auth/problem.js';
import { serveDocs } from './admin-api/openapi.js';
import { AppModule } from './app.module.js';
import { demo, seedDemo } from './channels/simulator/demo-data.js';
import { readAdminToken, type AdminToken } from './config/admin-token.js';
import { readCertificate, type Certificate } from './config/certificate.js';
import type { Settings } from './config/settings.js';
import { openCore, type Core } from './core.js';
import { GraphError } from './graph-api/graph-error.js';
import { isOwnPath } from './graph-api/own-paths.js';
import { traceIdOf } from './graph-api/trace-id.js';
import { NestLogger, openLogger } from './logger.js';
import { defaultDataDir, startEmbeddedPostgres, type EmbeddedPostgres } from './store/embedded-postgres.js';

/** How long a client may take to send a request, in milliseconds. */
const requestTimeoutMs = 30_000;
/** How long an idle connection is kept, in milliseconds: longer than most load balancers do. */
const keepAliveTimeoutMs = 65_000;

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
  /** Stops accepting, answers what is under way, and leaves everything ready for the next start. */
  stop(): Promise<void>;
}

/** Starts everything: the database if none is configured, the core, the interfaces. */
export async function startServer(settings: Settings): Promise<Server> {
  const logger = openLogger(settings.values.LOG_LEVEL);
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
    const core = await openCore(settings, databaseUrl, reportFailure);
    closing.push(() => core.close());
    if (settings.values.DEMO ?? (!settings.gateway && database !== null)) await seedDemoIfEmpty(core);

    const app = await NestFactory.create<NestFastifyApplication>(
      AppModule.register(core, adminToken),
      new FastifyAdapter({
        ...(certificate !== null && { https: { cert: certificate.cert, key: certificate.key } }),
        bodyLimit: settings.values.BODY_MAX_BYTES,
        requestTimeout: requestTimeoutMs,
        // The longest is a link's ref of 2,083 characters, each up to four bytes and escaped.
        routerOptions: { maxParamLength: 2_083 * 12 },
        keepAliveTimeout: keepAliveTimeoutMs,
        forceCloseConnections: 'idle',
        genReqId: () => randomUUID(),
        frameworkErrors: answerUnreadableAddress,
      }),
      { bodyParser: false, logger: new NestLogger(logger), abortOnError: false },
    );
    acceptBodies(app.getHttpAdapter().getInstance());
    serveDocs(app);
    await app.init();
    // Not through Nest, which would log a failure that whoever started us is told anyway.
    const { PORT: port, HOST: host } = settings.values;
    const url = await app.getHttpAdapter().getInstance().listen({ port, host });
    core.timers.start();
    core.dispatcher.start();
    closing.push(async () => {
      // Whoever is being answered gets the answer; a client that holds its connection open does not hold us up.
      const giveUp = setTimeout(() => app.getHttpServer().closeAllConnections(), shutdownGraceMs);
      // A connection whose last answer is out is idle only then, and a client may keep it for minutes.
      const sweep = setInterval(() => app.getHttpServer().closeIdleConnections(), idleSweepMs);
      await app.close().finally(() => {
        clearTimeout(giveUp);
        clearInterval(sweep);
      });
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
    // Some clients label a request without a body as JSON.
    if (isOwnApi(request.url) && body.length > 0) void parseJson(request, body.toString(), done);
    else done(null, body);
  });
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (isOwnApi(request.url) && body.length > 0) {
      done(Object.assign(new Error('The body must be JSON (Content-Type: application/json).'), { statusCode: 415 }));
    } else done(null, body);
  });
}

function isOwnApi(url: string): boolean {
  return url.startsWith('/api/');
}
