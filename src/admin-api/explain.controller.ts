import { Body, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { appIdSchema, pageIdSchema, psidSchema } from '../admin-auth/parameters.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { Clock } from '../clock/clock.js';
import { psid, type PageId } from '../domain/ids.js';
import { channels, type Page } from '../domain/page.js';
import { newThread } from '../domain/thread/thread.js';
import type { Referral, UserEvent, UserEventType } from '../domain/thread/thread.events.js';
import { LogStore } from '../store/log.store.js';
import { noticeSchema, noticeView } from '../views/log.view.js';
import { threadSchema, threadView } from '../views/thread.view.js';
import { explain } from './explain.js';
import { linkRefSchema, adIdSchema } from './route.view.js';
import { ThreadFinder } from './thread-finder.js';

/** What the person would do, and the event it is. */
const actions = {
  message: 'user.message',
  tap_ad: 'user.referral',
  open_link: 'user.referral',
  get_started: 'user.get_started',
  tap_button: 'user.postback',
  tap_quick_reply: 'user.message',
  react: 'user.reaction',
  read: 'user.read',
} as const satisfies Record<string, UserEventType>;
const actionNames = Object.keys(actions) as [keyof typeof actions, ...(keyof typeof actions)[]];

const explainSchema = z
  .strictObject({
    psid: psidSchema.optional().describe('The person; left out, or without a thread: somebody new.'),
    channel: z.enum(channels).optional().describe("Left out: the person's, or Messenger for somebody new."),
    type: z.enum(actionNames),
    ad_id: adIdSchema.optional().describe('The ad that was tapped, now or together with the message or button.'),
    ref: linkRefSchema.optional().describe('The link that was opened; with an ad: the `ref` of its referral.'),
    button_app_id: appIdSchema
      .optional()
      .describe('The app whose button is tapped: it gets the payload, whoever owns the thread.'),
  })
  .refine(({ type, ad_id }) => type !== 'tap_ad' || ad_id !== undefined, {
    path: ['ad_id'],
    message: 'which ad is tapped?',
  })
  .refine(({ type, ref }) => type !== 'open_link' || ref !== undefined, {
    path: ['ref'],
    message: 'which link is opened?',
  })
  .meta({ id: 'Explain' });
type Explain = z.infer<typeof explainSchema>;

const explanationSchema = z
  .object({
    app_id: z.string().nullable().describe('The app in control afterwards; null: every subscribed app may answer.'),
    because: z.enum(['ad_route', 'link_route', 'social_routing', 'default_app', 'owner', 'nobody']),
    skipped_app_id: z.string().nullable().describe('An app that a route names but that is not connected.'),
    before: threadSchema,
    after: threadSchema,
    notices: z.array(noticeSchema).describe('Who is told what, in this order.'),
    sentences: z.array(z.string()).describe('The same for people.'),
  })
  .meta({ id: 'Explanation' });

@AdminController('pages/:page_id/explain', 'Pages')
export class ExplainController {
  constructor(
    private readonly threads: ThreadFinder,
    private readonly log: LogStore,
    private readonly clock: Clock,
  ) {}

  @Post()
  @RequiresRole('viewer')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Where would this go, and why?', description: 'Nothing happens and nothing is written.' })
  @ApiOkResponse({ standardSchema: explanationSchema })
  @ApiProblems('page_not_found', 'wrong_channel')
  async explain(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Body({ schema: explainSchema }) body: Explain,
  ) {
    const page = this.threads.getPage(pageId);
    const known = body.psid === undefined ? null : await this.log.findThread({ pageId, psid: body.psid });
    if (known !== null && body.channel !== undefined && known.channel !== body.channel) {
      throw new Problem('wrong_channel', `Person ${known.psid} is on ${known.channel}.`);
    }
    // Nobody has this id; it only stands in for somebody new.
    const thread = known ?? newThread(pageId, body.psid ?? psid('1'), body.channel ?? 'messenger');
    const event: UserEvent = {
      type: actions[body.type],
      channel: thread.channel,
      payload: '{}',
      mid: null,
      referral: referralOf(body, page),
      buttonAppId: body.button_app_id ?? null,
    };
    const at = this.clock.now();
    const { before, decision, because, sentences } = explain(thread, event, page, at, (appId) =>
      this.threads.nameOf(appId),
    );
    const after = threadView(decision.thread, page, decision.thread.lastAt);
    return {
      app_id: after.effective_owner_app_id,
      because,
      skipped_app_id: decision.assignment?.skippedAppId ?? null,
      before: threadView(before, page, at),
      after,
      // It is a viewer's as well, and nothing has been said.
      notices: decision.notices.map((notice) => noticeView(notice, 'redacted')),
      sentences,
    };
  }
}

function referralOf({ ad_id, ref }: Explain, page: Page): Referral | null {
  if (ad_id !== undefined) return { adId: ad_id, ref: ref ?? page.adRoutes.get(ad_id)?.ref ?? null };
  return ref === undefined ? null : { adId: null, ref };
}
