import { refusalInWords } from '../../../../src/views/refusal-words.js';
import type { LogEntry } from '../../api/types.js';

type Row = Pick<LogEntry, 'type' | 'at' | 'refusal' | 'owner_app_id' | 'caller_app_id' | 'target_app_id' | 'cause'>;

/** The newest thing a person would want to know of what happened in their thread; null: nothing of note. */
export function whatHappened(rows: readonly Row[], nameOf: (appId: string) => string): string | null {
  return rows.map((row) => sentence(row, nameOf)).findLast((text) => text !== null) ?? null;
}

function sentence(row: Row, nameOf: (appId: string) => string): string | null {
  const { refusal } = row;
  if (refusal !== null) return refusalInWords({ ...row, refusal }, { nameOf, timeZone: null });
  const by = row.caller_app_id === null ? null : nameOf(row.caller_app_id);
  const owner = row.owner_app_id === null ? null : nameOf(row.owner_app_id);
  switch (row.type) {
    case 'app.send':
      return by === null ? null : `${by} answered.`;
    case 'control.pass':
    case 'operator.pass':
      return owner === null ? null : `${by ?? 'An operator'} passed the conversation to ${owner}.`;
    case 'control.take':
    case 'inbox.take':
      return owner === null ? null : `${owner} took the conversation.`;
    case 'control.release':
    case 'operator.release':
      return `${by ?? 'An operator'} released the conversation.`;
    case 'control.expired':
      return 'The person was silent for so long that the conversation was released.';
    case 'app.disconnected':
      return 'The app that had the conversation was disconnected.';
    default:
      return row.type.startsWith('user.') && owner !== null ? `${owner} gets this.` : null;
  }
}
