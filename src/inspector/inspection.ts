import type { WebSocket } from 'ws';
import type { Authenticator } from '../admin-auth/authenticator.js';
import type { Welcome } from '../admin-auth/operator.js';
import { laneCount } from '../domain/ids.js';
import type { LiveHub } from '../live/live-hub.js';
import type { LiveItem } from '../live/live-item.js';
import type { FollowedRow, LiveStore } from '../store/live.store.js';
import type { InspectionScope } from './inspection-scope.js';
import { actorMessage, rowMessages, sessionIdOf, type InspectionMessage } from './inspection-messages.js';

/** How soon a stream ends after whoever reads it may no longer, in milliseconds. */
const accessCheckMs = 3_000;
/** Proxies cut connections on which nothing is said for long; and who answers no ping is gone. */
const pingMs = 30_000;
/** What is kept at most for a reader that is too slow, in bytes. */
const bufferMax = 1024 * 1024;
const rowsAtOnce = 200;
/** Of one thread the whole log is told; of many, what happened lately: so many rows of each lane. */
const latelyPerLane = 50;
/** Rows kept for a reader that is still being told the log; more than that and it is too slow. */
const waitingMax = 20_000;
/** Threads remembered as introduced. Beyond that some are introduced again, which harms nothing. */
const introducedMax = 50_000;

/** Codes of RFC 6455, and one of ours in the range for applications. */
const closeCodes = { goingAway: 1001, internalError: 1011, revoked: 4401 } as const;

export interface InspectionSources {
  readonly hub: LiveHub;
  readonly store: LiveStore;
  readonly authenticator: Authenticator;
}

/** One reader of the inspector's stream: first the log, then what happens, for as long as they may read. */
export class Inspection {
  /** Resolves when the connection is gone. */
  readonly ended: Promise<void>;
  readonly #introduced = new Set<string>();
  #waiting: FollowedRow[] | null = [];
  #answersPing = true;
  #onTaken = () => {};

  constructor(
    private readonly socket: WebSocket,
    private readonly scope: InspectionScope,
    private readonly sources: InspectionSources,
    who: Welcome,
    onError: (error: unknown) => void,
  ) {
    const { hub, authenticator } = sources;
    const timers = [
      setInterval(() => this.#ping(), pingMs).unref(),
      setInterval(() => {
        authenticator.isStillWelcome(who).then(
          (welcome) => welcome || this.#close(closeCodes.revoked, 'the session or token has ended'),
          // The database is away: nothing new is read from it either.
          () => undefined,
        );
      }, accessCheckMs).unref(),
    ];
    let leave = () => {};
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        for (const timer of timers) clearInterval(timer);
        this.#waiting = null;
        this.#onTaken();
        leave();
        resolve();
      });
    });
    socket.on('pong', () => (this.#answersPing = true));
    // A frame that is too large, or none: the library closes the connection with the code that says so.
    socket.on('error', () => undefined);
    hub
      .join((item) => this.#hear(item))
      .then(async (joined) => {
        leave = joined.leave;
        if (socket.readyState !== socket.OPEN) leave();
        else await this.#tellLog(joined.positions);
      })
      .catch((error: unknown) => {
        if (socket.readyState !== socket.OPEN) return;
        onError(error);
        this.#close(closeCodes.internalError, 'the log could not be read');
      });
  }

  /** Ends the connection, and does not wait for a reader that no longer answers. */
  async end(graceMs: number): Promise<void> {
    this.#close(closeCodes.goingAway, 'the server stops', graceMs);
    await this.ended;
  }

  #hear({ happening }: LiveItem): void {
    if (happening.type !== 'log' || !this.#concerns(happening.followed)) return;
    if (this.#waiting === null) return this.#tell(happening.followed);
    if (this.#waiting.push(happening.followed) > waitingMax) this.socket.terminate();
  }

  #concerns({ row }: FollowedRow): boolean {
    const { pageId, psid } = this.scope;
    return (pageId === null || row.pageId === pageId) && (psid === null || row.psid === psid);
  }

  async #tellLog(positions: readonly number[]): Promise<void> {
    const { pageId, psid } = this.scope;
    const filter = { pageId: pageId ?? undefined, psid: psid ?? undefined };
    const until = positions.slice(0, laneCount);
    const at = until.map((last) => (psid === null ? Math.max(0, last - latelyPerLane) : 0));
    for (let full = true; full;) {
      const rows = await this.sources.store.rowsAfter(at, until, filter, rowsAtOnce);
      for (const followed of rows) {
        at[followed.row.lane] = followed.row.id;
        this.#tell(followed);
        await this.#taken();
        if (this.socket.readyState !== this.socket.OPEN) return;
      }
      full = rows.length === rowsAtOnce;
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const followed of waiting) this.#tell(followed);
  }

  #tell(followed: FollowedRow): void {
    const name = sessionIdOf(followed.row);
    if (!this.#introduced.has(name)) {
      if (this.#introduced.size === introducedMax) this.#introduced.clear();
      this.#introduced.add(name);
      this.#send(actorMessage(followed));
    }
    for (const message of rowMessages(followed)) this.#send(message);
  }

  #send(message: InspectionMessage): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(JSON.stringify(message), () => this.socket.bufferedAmount === 0 && this.#onTaken());
    if (this.socket.bufferedAmount > bufferMax) this.socket.terminate();
  }

  /** Resolves when the reader has taken what was said so far, or is gone. */
  async #taken(): Promise<void> {
    if (this.socket.bufferedAmount > 0) await new Promise<void>((resolve) => (this.#onTaken = resolve));
  }

  #ping(): void {
    if (!this.#answersPing) return this.socket.terminate();
    this.#answersPing = false;
    this.socket.ping();
  }

  #close(code: number, reason: string, graceMs = 1_000): void {
    this.socket.close(code, reason);
    setTimeout(() => this.socket.terminate(), graceMs).unref();
  }
}
