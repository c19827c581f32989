import { Body, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { pageIdSchema } from '../admin-auth/parameters.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { Clock } from '../clock/clock.js';
import { psid, type PageId } from '../domain/ids.js';
import type { Page } from '../domain/page.js';
import { newThread } from '../domain/thread/thread.js';
import type { Referral, UserEvent } from '../domain/thread/thread.events.js';
import { LogStore } from '../store/log.store.js';
import { noticeView } from '../views/log.view.js';
import { threadView } from '../views/thread.view.js';
import { explain } from './explain.js';
import { actions, explainSchema, explanationSchema, type Explain } from './explain.view.js';
import { ThreadFinder } from './thread-finder.js';

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
