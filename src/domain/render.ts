import type { LogRow } from './log.js';
import type { HiddenPart, Notice } from './notice.js';
import { parseJson, toWireJson } from './wire-json.js';

/** What rendering needs of a log row. */
export type RenderedRow = Pick<LogRow, 'psid' | 'businessId' | 'at' | 'occurredAt' | 'payload' | 'payloadRemoved'> & {
  readonly thread: Pick<LogRow['thread'], 'channel'>;
};

/** The body of a webhook with one event: pure, so that every attempt and every replay has the same bytes. */
export function renderBody(row: RenderedRow, notice: Notice): string {
  return envelope(row, renderEntry(row, notice));
}

/** The `object` and the entries around one or more rendered entries of the same channel. */
export function envelope(row: RenderedRow, entries: string): string {
  return `{"object":"${row.thread.channel === 'instagram' ? 'instagram' : 'page'}","entry":[${entries}]}`;
}

/** One item of `entry[]`: for apps that take several events in one body. */
export function renderEntry(row: RenderedRow, notice: Notice): string {
  const field = notice.kind === 'event' ? notice.field : 'messaging';
  return `{"time":${row.at},"id":"${row.businessId}","${field}":[${renderItem(row, notice)}]}`;
}

function renderItem(row: RenderedRow, notice: Notice): string {
  switch (notice.kind) {
    case 'event':
      return renderEvent(row, notice.without);
    case 'pass':
    case 'take':
      // App ids are written as raw digits: they are JSON numbers on the wire and do not fit a JavaScript number.
      return (
        `{"sender":{"id":"${row.psid}"},"recipient":{"id":"${row.businessId}"},"timestamp":${row.occurredAt},` +
        `"${notice.kind}_thread_control":{"previous_owner_app_id":${notice.previousOwnerAppId ?? 'null'},` +
        `"new_owner_app_id":${notice.newOwnerAppId},"metadata":${toWireJson(notice.metadata)}}}`
      );
  }
}

function renderEvent(row: RenderedRow, without: HiddenPart | null): string {
  if (row.payloadRemoved === true) throw new Error('its text is too old and no longer kept');
  if (row.payload === null) throw new Error('a notice of an event without payload cannot be rendered');
  if (without === null) return row.payload;
  const item = parseJson(row.payload);
  switch (without) {
    case 'payload':
      remove(item, 'postback', 'payload');
      break;
    case 'payload_and_referral':
      remove(item, 'postback', 'payload');
      remove(item, 'postback', 'referral');
      break;
    case 'referral':
      remove(item, 'message', 'referral');
  }
  return toWireJson(item);
}

function remove(item: unknown, part: 'postback' | 'message', key: string): void {
  if (typeof item !== 'object' || item === null) return;
  const found: unknown = Reflect.get(item, part);
  if (typeof found === 'object' && found !== null) Reflect.deleteProperty(found, key);
}
