import { isUtf8 } from 'node:buffer';
import {
  BadRequestException,
  Controller,
  ForbiddenException,
  Get,
  Header,
  HttpCode,
  Logger,
  Post,
  Query,
  Req,
  ServiceUnavailableException,
  UnsupportedMediaTypeException,
  UseFilters,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../clock/clock.js';
import { Settings } from '../config/settings.js';
import { parseJson, toWireJson } from '../domain/wire-json.js';
import { commitSent } from '../routing/intent.js';
import { RouterBusyError, type Outcome, type Submission } from '../routing/submission.js';
import { ThreadRouter } from '../routing/thread-router.js';
import type { Configuration } from '../store/configuration.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { isPassing } from '../store/database-errors.js';
import { QuarantineStore, type Quarantined } from '../store/quarantine.store.js';
import { ButtonFinder, hasTap } from './button-finder.js';
import { accessRefused, quarantined as quarantinedSignal } from '../telemetry/signals.js';
import { EchoMatcher, type MatchedEcho } from './echo-matcher.js';
import { StandbyOwner } from './standby-owner.js';
import { splitBody, type PendingEcho, type SplitBody, type SplitItem } from './webhook-body.js';
import { WebhookErrorFilter } from './webhook-error.filter.js';
import { isSignedBy, sameSecret } from './webhook-signature.js';

const challengePattern = /^[\w-]{1,64}$/;
const jsonType = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;
/** Of a body that cannot be split, this much is kept, in characters. */
const evidenceLengthMax = 64 * 1024;

/**
 * The platform's webhooks. Answered with 200 only when every event is committed or kept in quarantine, so that what the
 * platform was told is done survives a crash; with 503 when that cannot be now, and the platform sends it again.
 */
@Controller('webhooks/meta')
@UseFilters(WebhookErrorFilter)
@ApiExcludeController()
export class MetaWebhookController {
  readonly #logger = new Logger(MetaWebhookController.name);

  constructor(
    private readonly router: ThreadRouter,
    private readonly configuration: ConfigurationCache,
    private readonly quarantine: QuarantineStore,
    private readonly clock: Clock,
    private readonly settings: Settings,
    private readonly echoes: EchoMatcher,
    private readonly buttons: ButtonFinder,
    private readonly standby: StandbyOwner,
  ) {}

  /** The platform asks whether this address is ours. */
  @Get()
  @Header('content-type', 'text/plain; charset=utf-8')
  @Header('x-content-type-options', 'nosniff')
  verify(@Query() query: Readonly<Record<string, unknown>>): string {
    const { META_VERIFY_TOKEN: expected } = this.settings.values;
    const challenge = query['hub.challenge'];
    const token = query['hub.verify_token'];
    if (
      expected === undefined ||
      query['hub.mode'] !== 'subscribe' ||
      typeof token !== 'string' ||
      !sameSecret(token, expected)
    ) {
      throw new ForbiddenException('The verify token is not ours.');
    }
    if (typeof challenge !== 'string' || !challengePattern.test(challenge)) {
      throw new BadRequestException('The challenge is malformed.');
    }
    return challenge;
  }

  @Post()
  @HttpCode(200)
  @Header('content-type', 'text/plain; charset=utf-8')
  async receive(@Req() request: FastifyRequest): Promise<string> {
    const body = this.#verified(request);
    const { submissions, quarantined } = await this.#split(body, request.id);
    const [refused] = await Promise.all([this.#route(submissions), this.#keep(quarantined)]);
    await this.#keep(refused);
    return 'EVENT_RECEIVED';
  }

  /** The body's bytes, if the platform has signed them and says they are JSON. */
  #verified({ body, headers, id, ip }: FastifyRequest): Buffer {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const secret = this.settings.values.META_APP_SECRET;
    const signature = headers['x-hub-signature-256'];
    if (secret === undefined || !isSignedBy(secret, bytes, typeof signature === 'string' ? signature : undefined)) {
      this.#logger.warn({ msg: 'a webhook without a valid signature was refused', traceId: id, ip });
      accessRefused.tell({ interface: 'ingress' });
      throw new ForbiddenException('The signature is not valid.');
    }
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw new UnsupportedMediaTypeException('Encoded bodies are not accepted.');
    }
    if (!jsonType.test(headers['content-type'] ?? '')) {
      throw new UnsupportedMediaTypeException('The body must be application/json.');
    }
    if (!isUtf8(bytes)) throw new BadRequestException('The body is not valid UTF-8.');
    return bytes;
  }

  /**
   * The configuration in memory may be a moment older than a change that somebody else has made: what it gives no place
   * to is held against the newest one before it is put aside.
   */
  async #split(bytes: Buffer, traceId: string): Promise<SplitBody> {
    const split = this.#splitBy(this.configuration.current(), bytes, traceId);
    if (!split.quarantined.some(({ reason }) => maybeOutdated.has(reason))) return split;
    try {
      return this.#splitBy(await this.configuration.refresh(), bytes, traceId);
    } catch (error) {
      throw new ServiceUnavailableException('The configuration cannot be read: send it again.', { cause: error });
    }
  }

  #splitBy(configuration: Configuration, bytes: Buffer, traceId: string): SplitBody {
    const text = bytes.toString('utf8');
    const parsed = parseBody(text);
    if (parsed === 'too_deep') {
      const payload = toWireJson(text.slice(0, evidenceLengthMax));
      return { submissions: [], quarantined: [{ reason: 'too_deep', pageId: null, payload }] };
    }
    return splitBody(parsed, {
      configuration,
      now: this.clock.now(),
      traceId,
      metaAppId: this.settings.values.META_APP_ID ?? null,
    });
  }

  /**
   * In the order of the body: events of one thread are decided in the order in which they are dispatched, so whatever has
   * to be looked up is looked up before anything is. Answers what could not be routed.
   */
  async #route(items: readonly SplitItem[]): Promise<Quarantined[]> {
    const refused: Quarantined[] = [];
    try {
      const results = items.some(needsLookingUp)
        ? await this.#routeLookedUp(items)
        : (await this.router.dispatchAll(items as readonly Submission[])).map(({ result }) => result);
      results.forEach((result, index) => {
        const item = items[index];
        if (item !== undefined && isRefused(result)) refused.push(...evidenceOf(item, result));
      });
    } catch (error) {
      if (!(error instanceof RouterBusyError) && !isPassing(error)) throw error;
      throw new ServiceUnavailableException('Not everything could be committed: send it again.', { cause: error });
    }
    return refused;
  }

  async #routeLookedUp(items: readonly SplitItem[]): Promise<TakenResult[]> {
    const steps = await Promise.all(items.map((item) => this.#lookUp(item)));
    return Promise.all(steps.map((step) => this.#take(step)));
  }

  /** Whose message is echoed, whose button was tapped, who has the thread at the platform. */
  async #lookUp(item: SplitItem): Promise<MatchedEcho> {
    if (isPendingEcho(item)) return this.echoes.match(item);
    const submissions = 'take' in item ? await this.standby.before(item) : [item];
    return { kind: 'events', submissions: await Promise.all(submissions.map((each) => this.buttons.withApp(each))) };
  }

  async #take(step: MatchedEcho): Promise<TakenResult> {
    switch (step.kind) {
      case 'events': {
        const results = await Promise.all(step.submissions.map((each) => this.router.dispatch(each)));
        return results.map(({ result }) => result).find(isRefused) ?? 'applied';
      }
      case 'ours':
        return (await commitSent(this.router, step.row, step.intent, step.mid, step.payload)).result;
      case 'told':
        return 'duplicate';
      case 'unknown_send':
        return 'unknown_send';
    }
  }

  async #keep(quarantined: readonly Quarantined[]): Promise<void> {
    if (quarantined.length === 0) return;
    const reasons = Object.fromEntries(
      Map.groupBy(quarantined, ({ reason }) => reason)
        .entries()
        .map(countOf),
    );
    this.#logger.warn({ msg: 'events were put in quarantine', reasons });
    try {
      await this.quarantine.add(quarantined, this.clock.now());
      for (const [reason, count] of Object.entries(reasons)) quarantinedSignal.tell({ reason, count });
    } catch (error) {
      throw new ServiceUnavailableException('Not everything could be kept: send it again.', { cause: error });
    }
  }
}

type TakenResult = Outcome['result'] | 'unknown_send';
/** Reasons that a newer configuration can take away: a page that was just made, the emulator's clock that was just moved. */
const maybeOutdated: ReadonlySet<string> = new Set(['unknown_page', 'stale', 'in_the_future']);

const countOf = ([reason, of]: [string, readonly unknown[]]): [string, number] => [reason, of.length];

function parseBody(text: string): object | 'too_deep' {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch (error) {
    if (error instanceof RangeError) return 'too_deep';
    if (!(error instanceof SyntaxError)) throw error;
    throw new BadRequestException('The body is not valid JSON.', { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new BadRequestException('The body is not a JSON object.');
  }
  return parsed;
}

/** What is not taken although the item is well-formed. What the database refuses the router has put aside itself. */
const refusals = ['unknown_page', 'wrong_channel', 'unknown_person', 'unknown_send'] as const;
type Refusal = (typeof refusals)[number];

function isRefused(result: string): result is Refusal {
  return refusals.some((each) => each === result);
}

function evidenceOf(item: SplitItem, reason: Refusal): Quarantined[] {
  const { pageId } = item.key;
  if (isPendingEcho(item)) return [{ reason, pageId, payload: item.payload }];
  return item.events.flatMap(({ event }) => ('payload' in event ? [{ reason, pageId, payload: event.payload }] : []));
}

function isPendingEcho(item: SplitItem): item is PendingEcho {
  return 'item' in item;
}

const needsLookingUp = (item: SplitItem): boolean => isPendingEcho(item) || 'take' in item || hasTap(item);
