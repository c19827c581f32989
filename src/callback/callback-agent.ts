import { lookup as dnsLookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { addressBlocked } from '../telemetry/signals.js';
import { type AddressGuard, AddressRefusedError } from './address-guard.js';
import { hostAddress } from './callback-url.js';

export interface CallbackAgentOptions {
  readonly guard: AddressGuard;
  /** Until TCP and TLS stand. */
  readonly connectTimeoutMs?: number;
  /** Connections kept to one origin; more requests wait for a free one. */
  readonly connectionsPerOriginMax?: number;
  /** Every address of a name. Injected by tests; the system's resolver otherwise. */
  readonly resolve?: (hostname: string) => Promise<LookupAddress[]>;
}

/**
 * The HTTP client for addresses other people gave us. Every address is checked when it is connected to, after the name
 * was resolved and with the very answer that is used, so a name whose answer changes gains nothing. It never follows
 * redirects, ignores proxy variables and always verifies certificates.
 */
export function createCallbackAgent(options: CallbackAgentOptions): Dispatcher {
  const { guard, connectTimeoutMs = 3_000, connectionsPerOriginMax = 64 } = options;
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    // Said outright, since an environment variable could switch it off.
    rejectUnauthorized: true,
    lookup: guardedLookup(guard, options.resolve ?? ((hostname) => dnsLookup(hostname, { all: true }))),
  });
  return new Agent({
    allowH2: false,
    connections: connectionsPerOriginMax,
    pipelining: 1,
    // Below the five seconds after which Node's own server closes an idle connection.
    keepAliveTimeout: 4_000,
    // Timeouts are the callers', over the whole exchange.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (target, callback) => {
      // A literal address never reaches the lookup.
      const literal = hostAddress(target.hostname);
      const refusal = isIP(literal) === 0 ? undefined : guard.refusal(literal);
      if (refusal === undefined) connect(target, callback);
      else {
        addressBlocked.tell();
        queueMicrotask(() => callback(new AddressRefusedError(refusal), null));
      }
    },
  });
}

/**
 * A `net` lookup that hands on only what the guard allows. One forbidden address among several refuses the name: an
 * honest name has none. Simultaneous questions for one name share one answer, because the system resolver works in a
 * handful of threads and a name server that hangs would otherwise hold them all.
 */
function guardedLookup(guard: AddressGuard, resolve: (hostname: string) => Promise<LookupAddress[]>): LookupFunction {
  const underWay = new Map<string, Promise<LookupAddress[]>>();
  const resolveOnce = (hostname: string): Promise<LookupAddress[]> => {
    const running = underWay.get(hostname);
    if (running !== undefined) return running;
    const started = resolve(hostname).finally(() => underWay.delete(hostname));
    underWay.set(hostname, started);
    return started;
  };
  return (hostname, options, callback) => {
    resolveOnce(hostname).then(
      (addresses) => {
        const refusal = addresses.map(({ address }) => guard.refusal(address)).find((reason) => reason !== undefined);
        const family = options.family === 4 || options.family === 'IPv4' ? 4 : options.family === 6 ? 6 : 0;
        const usable = addresses.filter((address) => family === 0 || address.family === family);
        const [first] = usable;
        if (refusal !== undefined) {
          addressBlocked.tell();
          callback(new AddressRefusedError(`${hostname}: ${refusal}`), []);
        } else if (first === undefined) callback(new Error(`${hostname} has no address`), []);
        else if (options.all === true) callback(null, usable);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), []),
    );
  };
}
