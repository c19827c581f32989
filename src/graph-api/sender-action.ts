import type { SenderAction } from '../channels/channel.js';
import { mid } from '../domain/ids.js';
import { GraphError } from './graph-error.js';
import { readChoice, readObject, readText, type Fields } from './parameter-values.js';

const actions = ['typing_on', 'typing_off', 'mark_seen', 'react', 'unreact'] as const;

/** Reads `sender_action`. Old clients write it in capitals; a reaction names its message in `payload`. */
export function readSenderAction(parameters: Fields): SenderAction | null {
  const given = readText(parameters, 'sender_action', 'sender_action', 100);
  if (given === null) return null;
  const type = readChoice({ sender_action: given.toLowerCase() }, 'sender_action', 'sender_action', actions);
  if (type === null) return null;
  if (type !== 'react' && type !== 'unreact') return { type };
  const payload = readObject(parameters, 'payload', 'payload');
  const messageId = payload === null ? null : readText(payload, 'message_id', 'payload[message_id]', 500);
  if (payload === null || messageId === null) throw new GraphError('parameter_required', 'payload[message_id]');
  if (type === 'unreact') return { type, messageId: mid(messageId) };
  const reaction = readText(payload, 'reaction', 'payload[reaction]', 50);
  if (reaction === null) throw new GraphError('parameter_required', 'payload[reaction]');
  return { type, messageId: mid(messageId), reaction };
}
