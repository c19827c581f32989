import type { Pool } from 'pg';
import { callbackGuard } from '../callback/address-guard.js';
import { createCallbackAgent } from '../callback/callback-agent.js';
import type { Clock } from '../clock/clock.js';
import type { Failpoints } from '../config/failpoints.js';
import type { Settings } from '../config/settings.js';
import type { CommittedRows } from '../store/committed-rows.js';
import type { ConfigurationCache } from '../store/configuration.cache.js';
import { CursorStore } from '../store/cursor.store.js';
import type { EndedAttempts } from '../store/ended-attempts.js';
import { LogStore } from '../store/log.store.js';
import { Dispatcher, type DispatcherParts } from './dispatcher.js';
import { newHolder } from './holder.js';
import { WebhookClient } from './webhook.client.js';

const hourMs = 60 * 60 * 1000;

export interface DispatcherSurroundings {
  readonly settings: Settings;
  /** For the statements of delivery; slow readers must not share it. */
  readonly hotPool: Pool;
  readonly configuration: ConfigurationCache;
  readonly committedRows: CommittedRows;
  readonly endedAttempts: EndedAttempts;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly holdGoneApp: DispatcherParts['holdGoneApp'];
}

/** A dispatcher as the settings say, not started. */
export function openDispatcher(surroundings: DispatcherSurroundings): Dispatcher {
  const { settings, hotPool, configuration, committedRows, endedAttempts, clock, failpoints, holdGoneApp } =
    surroundings;
  const { DELIVERY_TIMEOUT_MS, DELIVERY_CONCURRENCY, DELIVERY_HORIZON_HOURS, DELIVERY_ATTEMPTS } = settings.values;
  const agent = createCallbackAgent({ guard: callbackGuard(settings), connectionsPerOriginMax: DELIVERY_CONCURRENCY });
  return new Dispatcher(
    {
      cursors: new CursorStore(hotPool),
      log: new LogStore(hotPool),
      client: new WebhookClient(agent, clock, DELIVERY_TIMEOUT_MS),
      committedRows,
      endedAttempts,
      configuration,
      clock,
      failpoints,
      holdGoneApp,
    },
    {
      holder: newHolder(),
      timeoutMs: DELIVERY_TIMEOUT_MS,
      concurrencyMax: DELIVERY_CONCURRENCY,
      horizonMs: DELIVERY_HORIZON_HOURS * hourMs,
      attempts: DELIVERY_ATTEMPTS ?? (settings.gateway ? 'failures' : 'all'),
    },
  );
}
