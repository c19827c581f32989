import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../clock/clock.js';
import { Failpoints } from '../../config/failpoints.js';
import { Settings } from '../../config/settings.js';
import { mid, type Mid } from '../../domain/ids.js';
import type { LogRow } from '../../domain/log.js';
import { messagingWindowEndsAt } from '../../domain/messaging-window.js';
import { businessIdOf, type Page } from '../../domain/page.js';
import { parseJson, toWireJson } from '../../domain/wire-json.js';
import {
  commitSent,
  controlEvent,
  echoOf,
  intentOf,
  intentPayload,
  midOf,
  referenceOf,
  type Intent,
} from '../../routing/intent.js';
import { RouterBusyError, type Outcome, type SubmittedEvent } from '../../routing/submission.js';
import { ThreadRouter } from '../../routing/thread-router.js';
import { ConfigurationCache } from '../../store/configuration.cache.js';
import { faultOf } from '../../store/database-errors.js';
import { LogStore } from '../../store/log.store.js';
import { actionEvent, actionFields } from '../action-event.js';
import { Channel, PlatformError, type SendOutcome, type SendRequest } from '../channel.js';
import { echoFields } from '../echo.js';
import { notConfigured } from './meta-forwarder.js';
import { MetaGraphClient, type MetaAnswer } from './meta-graph.client.js';

type Applied = Extract<Outcome, { result: 'applied' }>;
type Answered = Extract<MetaAnswer, { kind: 'answered' }>;
type Fields = Readonly<Record<string, unknown>>;

/** How often the log is looked at for the echo of a send that the platform has not answered. */
const echoPollMs = 200;
const rowsAtOnce = 500;

/**
 * The gateway's channel: the platform, called with the page's own token.
 *
 * A message is three steps: its intent is committed, control checked and refusals answered before anything leaves; the
 * platform is called, with nothing held meanwhile; `app.sent` or `app.failed` is committed. What the message does to
 * control comes with `app.sent`. The platform has no idempotency key, so nothing is ever sent twice: when it does not
 * answer, its echo tells (our reference travels in the message's metadata), whenever it comes and whoever receives it.
 */
@Injectable()
export class MetaChannel extends Channel {
  readonly #logger = new Logger(MetaChannel.name);

  constructor(
    private readonly router: ThreadRouter,
    private readonly configuration: ConfigurationCache,
    private readonly log: LogStore,
    private readonly clock: Clock,
    private readonly settings: Settings,
    private readonly failpoints: Failpoints,
    private readonly graph: MetaGraphClient,
  ) {
    super();
  }

  override async send(request: SendRequest): Promise<SendOutcome> {
    const { pages, metaTokens } = this.configuration.current();
    const page = pages.get(request.key.pageId);
    if (page === undefined) return { mid: null, outcome: { result: 'unknown_page' } };
    const token = metaTokens.get(page.pageId);
    if (token === undefined) throw notConfigured(page);
    const { message } = request;
    return message === null ? this.#act(request, page, token) : this.#sendMessage(request, message, page, token);
  }

  async #sendMessage(request: SendRequest, message: Fields, page: Page, token: string): Promise<SendOutcome> {
    const { key, channel, callerAppId, tag, control } = request;
    const intent: Intent = {
      callerAppId,
      tag,
      control,
      item: echoFields({
        channel,
        businessId: businessIdOf(page, channel),
        psid: key.psid,
        appId: callerAppId,
        mid: null,
        at: this.clock.now(),
        message,
        personaId: request.personaId ?? null,
        replyTo: request.replyTo ?? null,
      }),
    };
    const payload = intentPayload(intent);
    const outcome = await this.#dispatch(
      request,
      [
        {
          event: { type: 'app.send', callerAppId, tag, mid: null, payload },
          sourceId: `app.send:${randomUUID()}`,
          occurredAt: null,
        },
      ],
      control === null
        ? []
        : [
            {
              event: { type: 'app.sent', callerAppId, tag, mid: mid('rehearsed'), payload },
              sourceId: `app.sent:${randomUUID()}`,
              occurredAt: null,
            },
            ...this.#control(request),
          ],
    );
    if (outcome.result === 'duplicate') return this.#repeated(outcome.rows);
    if (outcome.result !== 'applied') return { mid: null, outcome };
    const [row] = outcome.rows;
    if (row === undefined) throw new Error('an applied intent has a row');

    this.failpoints.pass('send.beforeCall');
    const answer = await this.graph.call({
      method: 'POST',
      path: [page.pageId, 'messages'],
      token,
      parameters: this.#body(request, message, outcome, row),
      ...(request.files !== undefined && { files: request.files }),
    });
    this.failpoints.pass('send.afterCall');
    return this.#settle(outcome, row, intent, answer);
  }

  /** The message in the words of the Send API, with our reference in place of the app's metadata. */
  #body(request: SendRequest, message: Fields, { thread }: Applied, row: LogRow): Fields {
    const { tag = null, messagingType, notificationType, personaId, replyTo } = request;
    // A person at an inbox may answer for longer than a bot, if the platform is told that it is one.
    const windowEndsAt = messagingWindowEndsAt(thread.lastUserEventAt, false);
    const late = windowEndsAt !== null && row.at >= windowEndsAt;
    const usedTag = tag ?? (late ? 'HUMAN_AGENT' : null);
    const reference = referenceOf(this.configuration.current().incarnation, row);
    return {
      recipient: { id: request.key.psid },
      messaging_type: usedTag === null ? (messagingType ?? 'RESPONSE') : 'MESSAGE_TAG',
      ...(usedTag !== null && { tag: usedTag }),
      // Instagram's echoes carry no metadata back.
      message: request.channel === 'messenger' ? { ...message, metadata: reference } : message,
      ...(notificationType !== undefined && { notification_type: notificationType }),
      ...(personaId !== undefined && { persona_id: personaId }),
      ...(replyTo !== undefined && { reply_to: { mid: replyTo } }),
    };
  }

  async #settle(intended: Applied, row: LogRow, intent: Intent, answer: MetaAnswer): Promise<SendOutcome> {
    const messageId = answer.kind === 'answered' ? messageIdOf(answer) : null;
    if (answer.kind === 'answered' && messageId !== null) {
      const outcome = await this.#keep(commitSent(this.router, row, intent, messageId, echoOf(intent, messageId)));
      return { ...sent(intended, row, messageId, outcome), ...told(answer) };
    }
    if (answer.kind === 'unreachable') {
      await this.#fail(row, { error: answer.reason }, `The platform could not be reached: ${answer.reason}.`);
      throw new PlatformError('unreachable', `The platform could not be reached: ${answer.reason}.`);
    }
    if (answer.kind === 'answered' && answer.status !== 200) {
      const { status, body } = answer;
      await this.#fail(row, { status, body }, `The platform answered ${status}.`);
      throw refusedBy(answer);
    }
    const echo = await this.#waitForOutcome(row, this.settings.values.META_ECHO_WAIT_MS);
    const echoed = echo === null ? null : midOf(echo);
    if (echo !== null && echoed !== null) return sent(intended, row, echoed, { result: 'duplicate', rows: [echo] });
    const why = answer.kind === 'unknown' ? answer.reason : 'it answered without a message id';
    await this.#fail(row, { error: why }, `Whether the message is out is unknown: ${why}.`);
    throw outcomeUnknown();
  }

  /** The row that tells that the message of an intent is out, as soon as anybody has committed it. */
  async #waitForOutcome(row: LogRow, patienceMs: number): Promise<LogRow | null> {
    const givingUpAt = this.clock.monotonicMs() + patienceMs;
    for (;;) {
      const outcomes = await this.#outcomesOf(row).catch(nothingWhileAway);
      const echo = outcomes.find(({ type }) => type === 'app.sent');
      if (echo !== undefined) return echo;
      if (this.clock.monotonicMs() >= givingUpAt) return null;
      await delay(echoPollMs);
    }
  }

  async #outcomesOf(row: LogRow): Promise<LogRow[]> {
    const rows = await this.log.rowsOfThread({ pageId: row.pageId, psid: row.psid }, row.id, rowsAtOnce);
    return rows.filter(({ cause, refusal }) => cause.sendId === row.id && refusal === null);
  }

  /** A call with an idempotency key that was used before: what became of it then, and nothing is sent. */
  async #repeated(rows: readonly LogRow[]): Promise<SendOutcome> {
    const row = rows.find((each) => intentOf(each) !== null);
    // It was refused.
    if (row === undefined) return { mid: null, outcome: { result: 'duplicate', rows } };
    const outcomes = await this.#outcomesOf(row);
    const echo = outcomes.find(({ type }) => type === 'app.sent');
    if (echo !== undefined) {
      return { mid: midOf(echo), outcome: { result: 'duplicate', rows: [row, ...outcomes] } };
    }
    const failed = outcomes.find(({ type }) => type === 'app.failed');
    // Written by `#fail`.
    const said = parseJson(failed?.payload ?? '{}') as { status?: number; body?: Record<string, unknown> | null };
    if (said.status === undefined) throw outcomeUnknown();
    throw refusedBy({ status: said.status, body: said.body ?? null, headers: {} });
  }

  async #fail(row: LogRow, said: Fields, reason: string): Promise<void> {
    const callerAppId = row.event.callerAppId;
    if (callerAppId === null) throw new Error('an intent has a caller');
    await this.#keep(
      this.router.dispatch({
        key: { pageId: row.pageId, psid: row.psid },
        channel: row.thread.channel,
        events: [
          {
            event: { type: 'app.failed', callerAppId, payload: toWireJson(said) },
            sourceId: `app.failed:${row.lane}-${row.id}`,
            occurredAt: row.occurredAt,
          },
        ],
        cause: { by: 'system', reason, sendId: row.id },
      }),
    );
  }

  /** A sender action is worth no second commit: it is allowed, then shown, and then control moves. */
  async #act(request: SendRequest, page: Page, token: string): Promise<SendOutcome> {
    const { action, key } = request;
    const control = this.#control(request);
    if (action === null) return { mid: null, outcome: await this.#dispatch(request, control) };
    const event = actionEvent(request, action, page, this.clock.now());
    const allowed = await this.#dispatch(request, [event], control);
    if (allowed.result !== 'applied') return { mid: null, outcome: allowed };
    const parameters = { recipient: { id: key.psid }, ...actionFields(action) };
    const path = [page.pageId, 'messages'];
    const answer = await this.graph.call({ method: 'POST', path, token, parameters });
    if (answer.kind === 'unknown') throw outcomeUnknown();
    if (answer.kind === 'unreachable') {
      throw new PlatformError('unreachable', `The platform could not be reached: ${answer.reason}.`);
    }
    if (answer.status !== 200) throw refusedBy(answer);
    const outcome = control.length === 0 ? allowed : await this.router.dispatch(this.#submission(request, control));
    return { mid: null, outcome, ...told(answer) };
  }

  #control({ callerAppId, control }: SendRequest): SubmittedEvent[] {
    return control === null ? [] : [controlEvent(callerAppId, control, `control.${control.type}:${randomUUID()}`)];
  }

  #dispatch(request: SendRequest, events: SubmittedEvent[], rehearsed: SubmittedEvent[] = []): Promise<Outcome> {
    return this.router.dispatch({
      ...this.#submission(request, events),
      rehearsed,
      ...(request.ifVersion !== undefined && { ifVersion: request.ifVersion }),
      ...(request.idempotency !== undefined && { idempotency: request.idempotency }),
    });
  }

  #submission({ key, channel, callerAppId, traceId }: SendRequest, events: SubmittedEvent[]) {
    return { key, channel, events, cause: { by: 'app', appId: callerAppId, traceId } } as const;
  }

  /** What the platform has said stands, and the caller is told, even when it cannot be kept now: the echo comes, too. */
  async #keep(committing: Promise<Outcome>): Promise<Outcome | null> {
    try {
      return await committing;
    } catch (error) {
      if (!(error instanceof RouterBusyError)) throw error;
      this.#logger.error({ err: error }, 'what became of a send could not be kept');
      return null;
    }
  }
}

/** While the database is away it is not known, which is no other answer than that there is none yet. */
function nothingWhileAway(error: unknown): LogRow[] {
  if (faultOf(error) !== 'unknown_outcome') throw error;
  return [];
}

function messageIdOf({ status, body }: Answered): Mid | null {
  const messageId = status === 200 ? body?.['message_id'] : undefined;
  return typeof messageId === 'string' && messageId !== '' ? mid(messageId) : null;
}

/** One outcome of both commits: as it stood before the intent, and after the message. */
function sent(intended: Applied, row: LogRow, messageId: Mid, outcome: Outcome | null): SendOutcome {
  const rows = outcome !== null && 'rows' in outcome ? outcome.rows : [];
  const thread = rows.at(-1)?.thread ?? intended.thread;
  return { mid: messageId, outcome: { ...intended, thread, rows: [row, ...rows] } };
}

function refusedBy({ status, body, headers }: NonNullable<PlatformError['answer']>): PlatformError {
  return new PlatformError('refused', `The platform answered ${status}.`, { status, body, headers });
}

/** The platform's answer, for the caller to hear. */
function told({ status, body, headers }: Answered): Pick<SendOutcome, 'answer'> {
  return body === null ? {} : { answer: { status, body, headers } };
}

function outcomeUnknown(): PlatformError {
  return new PlatformError(
    'unknown',
    'The platform did not answer in time: whether the message is out is unknown, and it is not sent again.',
  );
}
