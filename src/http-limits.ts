import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Problem } from './admin-auth/problem.js';
import type { Settings } from './config/settings.js';
import { isForInspector } from './inspector/inspector.gateway.js';

/*
 * What one client can cost us. Each bound is on something a client holds without having shown who it is: a connection, a
 * header that never ends, a body that comes by the byte, an answer nobody reads, a token that is guessed.
 */

/** A request line and headers: a link's ref of 2,083 escaped characters fits. */
const headerBytesMax = 16 * 1024;
/** From the first byte of a request to the end of its headers, in milliseconds. */
const headersTimeoutMs = 10_000;
/** From the first byte of a request to the end of its body, in milliseconds. */
const requestTimeoutMs = 30_000;
/** How often the two are looked after. */
const checkingIntervalMs = 2_000;
/** How long an idle connection is kept, in milliseconds: longer than most load balancers do. */
const keepAliveTimeoutMs = 65_000;
/** How long a connection may do nothing at all while something is owed on it, such as an answer nobody reads. */
const silenceMaxMs = 75_000;
/** Bodies of our own API are configuration and short texts. */
const ownApiBodyMax = 1024 * 1024;

const minuteSeconds = 60;

/** Options of Node's server, HTTP or HTTPS. */
export const serverLimits = {
  maxHeaderSize: headerBytesMax,
  headersTimeout: headersTimeoutMs,
  connectionsCheckingInterval: checkingIntervalMs,
  shouldUpgradeCallback: isForInspector,
} as const;

/** Options of Fastify. */
export function fastifyLimits({ values }: Settings) {
  return {
    bodyLimit: values.BODY_MAX_BYTES,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: silenceMaxMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Whose word on the client's address is taken; nobody's by default.
    trustProxy: values.TRUSTED_PROXIES === '' ? false : values.TRUSTED_PROXIES.split(',').map((range) => range.trim()),
  };
}

/** Sets the bounds that hold for the server as a whole and for our own API. */
export function limitHttp(fastify: FastifyInstance, { values }: Settings, isOwnApi: (url: string) => boolean): void {
  fastify.server.maxConnections = values.HTTP_CONNECTIONS_MAX;

  const calls = new RateLimiterMemory({ points: values.API_CALLS_PER_MINUTE, duration: minuteSeconds });
  const failures = new RateLimiterMemory({ points: values.API_FAILURES_PER_MINUTE, duration: minuteSeconds });

  const limitOwnApi = async (request: FastifyRequest, reply: FastifyReply) => {
    if (Number(request.headers['content-length'] ?? 0) > ownApiBodyMax) {
      return refuse(request, reply, new Problem('body_too_large', 'The body is larger than this API accepts: 1 MiB.'));
    }
    const failed = await failures.get(request.ip);
    if (failed !== null && failed.consumedPoints >= values.API_FAILURES_PER_MINUTE) {
      return tooMany(request, reply, failed, 'Too many calls from this address had no valid token.');
    }
    try {
      await calls.consume(request.ip);
    } catch (spent) {
      if (!(spent instanceof RateLimiterRes)) throw spent;
      return tooMany(request, reply, spent, 'Too many calls from this address in a minute (API_CALLS_PER_MINUTE).');
    }
  };
  // Webhooks and the apps' calls do not wait for a promise that is not about them.
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!isOwnApi(request.url)) return done();
    limitOwnApi(request, reply).then(() => {
      if (!reply.sent) done();
    }, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    if (reply.statusCode === 401 && isOwnApi(request.url)) void failures.penalty(request.ip);
    done();
  });
}

function tooMany(request: FastifyRequest, reply: FastifyReply, { msBeforeNext }: RateLimiterRes, detail: string) {
  void reply.header('retry-after', String(Math.ceil(msBeforeNext / 1000)));
  return refuse(request, reply, new Problem('too_many_requests', `${detail} Wait as long as Retry-After says.`));
}

function refuse(request: FastifyRequest, reply: FastifyReply, problem: Problem) {
  return reply
    .status(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem.body(request.id)));
}
