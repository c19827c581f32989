import { Injectable } from '@nestjs/common';
import type { AppId, ThreadKey } from '../domain/ids.js';
import { buttonsOf } from '../domain/template-buttons.js';
import type { UserEvent } from '../domain/thread/thread.events.js';
import { parseJson } from '../domain/wire-json.js';
import type { Submission } from '../routing/submission.js';
import { LogStore } from '../store/log.store.js';

/** Of a thread's messages with buttons, how many are looked through, the newest first. */
const messagesMax = 100;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Finds out whose button a person has tapped. The platform reports title and payload, and knows one app only; which of
 * ours sent the button is in the thread's log. A button of nobody's belongs to the page: of an ad, a menu, Get Started.
 */
@Injectable()
export class ButtonFinder {
  constructor(private readonly log: LogStore) {}

  /** The same submission; of a tap, with the app that sent the button. */
  async withApp(submission: Submission): Promise<Submission> {
    if (!hasTap(submission)) return submission;
    const events = submission.events.map(async (submitted) => {
      const { event } = submitted;
      if (!isTap(event)) return submitted;
      return { ...submitted, event: { ...event, buttonAppId: await this.#senderOf(submission.key, event) } };
    });
    return { ...submission, events: await Promise.all(events) };
  }

  async #senderOf(key: ThreadKey, { payload }: UserEvent): Promise<AppId | null> {
    const { postback } = parseJson(payload) as { postback?: Fields };
    if (typeof postback?.['payload'] !== 'string') return null;
    const { title, payload: tapped } = postback;
    const rows = await this.log.sendsWithButtons(key, messagesMax);
    const row = rows.find((sent) =>
      buttonsIn(sent.payload).some((button) => button.payload === tapped && (title ?? button.title) === button.title),
    );
    return row?.event.callerAppId ?? null;
  }
}

/** Whether any of a submission's events is a tap on a button. */
export function hasTap({ events }: Submission): boolean {
  return events.some(({ event }) => isTap(event));
}

function isTap(event: Submission['events'][number]['event']): event is UserEvent {
  return event.type === 'user.postback' || event.type === 'user.get_started';
}

function buttonsIn(payload: string | null) {
  const { message } = parseJson(payload ?? '{}') as { message?: { attachments?: readonly { payload?: unknown }[] } };
  return (message?.attachments ?? []).flatMap((attachment) => buttonsOf(attachment.payload));
}
