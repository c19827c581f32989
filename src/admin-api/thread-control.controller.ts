import { randomUUID } from 'node:crypto';
import { Body, HttpCode, HttpStatus, Param, Post, Req } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { appIdSchema, pageIdSchema, psidSchema } from '../admin-auth/parameters.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { Channel } from '../channels/channel.js';
import type { AppId, PageId, Psid } from '../domain/ids.js';
import { defaultAppOf, type Page } from '../domain/page.js';
import type { Thread } from '../domain/thread/thread.js';
import type { ThreadEvent } from '../domain/thread/thread.events.js';
import { ThreadRouter } from '../routing/thread-router.js';
import { LogStore } from '../store/log.store.js';
import { changeSchema, changeView, type ChangeContext } from './change.view.js';
import { IdempotencyKey, idempotencyKeyHeader, idempotencyOf } from './idempotency-key.js';
import { platformProblem } from './platform-problem.js';
import { text } from './text.js';
import { ThreadFinder } from './thread-finder.js';

const common = {
  reason: text(1000).optional().describe('Kept in the log.'),
  if_version: z.int().nonnegative().optional().describe('Refuse unless the thread still has this version.'),
};
const controlSchema = z
  .discriminatedUnion('action', [
    z.strictObject({
      action: z.literal('pass'),
      app_id: appIdSchema.describe('The app that gets the thread.'),
      ...common,
    }),
    z.strictObject({ action: z.literal('release'), ...common }),
    z.strictObject({
      action: z.literal('take'),
      app_id: appIdSchema.describe('The inbox in which somebody moves the thread to Main, and which so takes control.'),
      ...common,
    }),
  ])
  .meta({ id: 'Control' });
type Control = z.infer<typeof controlSchema>;

/** What Messenger takes in one message, in UTF-16 units, and Instagram, in bytes. */
const textLengthMax = 2000;
const instagramBytesMax = 1000;

const messageSchema = z
  .strictObject({
    text: text(textLengthMax),
    app_id: appIdSchema.optional().describe('Which inbox answers, where a page has more than one.'),
    if_version: common.if_version,
  })
  .meta({ id: 'InboxMessage' });
type InboxMessage = z.infer<typeof messageSchema>;

const sentSchema = changeSchema.extend({ message_id: z.string() }).meta({ id: 'SentInboxMessage' });

@AdminController('threads/:page_id/:psid', 'Threads')
export class ThreadControlController {
  constructor(
    private readonly threads: ThreadFinder,
    private readonly router: ThreadRouter,
    private readonly channel: Channel,
    private readonly log: LogStore,
  ) {}

  @Post('control')
  @RequiresRole('operator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Move a thread by hand',
    description:
      '`pass` gives it to an app, `release` ends the conversation, `take` is an inbox moving it to Main. The app that ' +
      'loses the thread and the one that gets it are told, except the inbox that takes it itself.',
  })
  @ApiHeader(idempotencyKeyHeader)
  @ApiOkResponse({ standardSchema: changeSchema })
  @ApiProblems(
    'page_not_found',
    'thread_not_found',
    'version_mismatch',
    'target_not_connected',
    'target_is_owner',
    'already_released',
    'app_not_connected',
    'thread_not_owned',
    'idempotency_key_reused',
  )
  async control(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
    @Body({ schema: controlSchema }) body: Control,
    @IdempotencyKey() idempotencyKey: string | null,
    @Req() request: FastifyRequest,
  ) {
    const key = { pageId, psid };
    const page = this.threads.getPage(pageId);
    const outcome = await this.router.dispatch({
      key,
      channel: null,
      events: [{ event: toEvent(body), sourceId: `operator:${randomUUID()}`, occurredAt: null }],
      cause: { by: 'operator', traceId: request.id, ...(body.reason !== undefined && { reason: body.reason }) },
      ...(body.if_version !== undefined && { ifVersion: body.if_version }),
      ...idempotencyOf(idempotencyKey, key, 'control', body),
    });
    return changeView(outcome, this.#context(key, page));
  }

  @Post('messages')
  @RequiresRole('operator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Answer from the inbox',
    description:
      'The inbox takes control from whichever app has it, which is told. The answer says who owned it before.',
  })
  @ApiHeader(idempotencyKeyHeader)
  @ApiOkResponse({ standardSchema: sentSchema })
  @ApiProblems(
    'page_not_found',
    'thread_not_found',
    'version_mismatch',
    'app_not_connected',
    'thread_not_owned',
    'window_closed',
    'idempotency_key_reused',
    'platform_not_configured',
    'platform_refused',
    'platform_unreachable',
    'send_outcome_unknown',
  )
  async send(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
    @Body({ schema: messageSchema }) body: InboxMessage,
    @IdempotencyKey() idempotencyKey: string | null,
    @Req() request: FastifyRequest,
  ) {
    const key = { pageId, psid };
    const { page, thread } = await this.threads.get(key);
    if (thread.channel === 'instagram' && Buffer.byteLength(body.text) > instagramBytesMax) {
      throw invalid('text', `Instagram takes at most ${instagramBytesMax} bytes`);
    }
    const sending = this.channel.send({
      key,
      channel: thread.channel,
      callerAppId: inboxOf(page, thread, body.app_id ?? null),
      message: { text: body.text },
      action: null,
      tag: null,
      control: null,
      traceId: request.id,
      ...(body.if_version !== undefined && { ifVersion: body.if_version }),
      ...idempotencyOf(idempotencyKey, key, 'messages', body),
    });
    const { mid, outcome } = await sending.catch(platformProblem);
    const change = await changeView(outcome, this.#context(key, page));
    if (mid === null) throw new Error('an applied send has no message id');
    return { ...change, message_id: mid };
  }

  #context(key: { pageId: PageId; psid: Psid }, page: Page): ChangeContext {
    return {
      key,
      page,
      nameOf: (appId) => this.threads.nameOf(appId),
      threadBefore: async (row) => (await this.log.findRowBefore(row))?.thread ?? null,
    };
  }
}

function toEvent(body: Control): ThreadEvent {
  switch (body.action) {
    case 'pass':
      return { type: 'operator.pass', targetAppId: body.app_id };
    case 'release':
      return { type: 'operator.release' };
    case 'take':
      return { type: 'inbox.take', callerAppId: body.app_id };
  }
}

/** The inbox that answers: the one named, else the default app if that is one, else the only one. */
function inboxOf(page: Page, thread: Thread, named: AppId | null): AppId {
  const inboxes = [...page.connections.values()].filter(({ kind }) => kind === 'inbox').map(({ appId }) => appId);
  const defaultAppId = defaultAppOf(page, thread.channel);
  if (named !== null) {
    if (inboxes.includes(named)) return named;
    throw new Problem('app_not_connected', `App ${named} is not connected to page ${page.pageId} as an inbox.`);
  }
  if (defaultAppId !== null && inboxes.includes(defaultAppId)) return defaultAppId;
  const [only, another] = inboxes;
  if (only === undefined) {
    throw new Problem(
      'app_not_connected',
      `No inbox is connected to page ${page.pageId}: connect an app of kind "inbox".`,
    );
  }
  if (another !== undefined) throw invalid('app_id', `the page has several inboxes: name one of ${inboxes.join(', ')}`);
  return only;
}

function invalid(path: string, message: string): Problem {
  return new Problem('invalid_request', `${path}: ${message}`, { errors: [{ path, message }] });
}
