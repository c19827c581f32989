import type { Channel } from '../domain/page.js';
import type { MessageTag } from '../domain/thread/thread.events.js';
import { GraphError } from './graph-error.js';
import { readChoice, readText, type Fields } from './parameter-values.js';

const messagingTypes = ['RESPONSE', 'UPDATE', 'MESSAGE_TAG', 'UTILITY'] as const;

/** What a send is. Null: it does not say, as it may. */
export function readMessagingType(parameters: Fields): (typeof messagingTypes)[number] | null {
  return readChoice(parameters, 'messaging_type', 'messaging_type', messagingTypes);
}

/** Tags the platform has given up: a call that still uses one is told so. */
const retiredTags = [
  'ACCOUNT_UPDATE',
  'CONFIRMED_EVENT_UPDATE',
  'POST_PURCHASE_UPDATE',
  'APPLICATION_UPDATE',
  'APPOINTMENT_UPDATE',
  'BUSINESS_PRODUCTIVITY',
  'COMMUNITY_ALERT',
  'CONFIRMED_EVENT_REMINDER',
  'FEATURE_FUNCTIONALITY_UPDATE',
  'GAME_EVENT',
  'ISSUE_RESOLUTION',
  'NON_PROMOTIONAL_SUBSCRIPTION',
  'PAIRING_UPDATE',
  'PAYMENT_UPDATE',
  'PERSONAL_FINANCE_UPDATE',
  'RESERVATION_UPDATE',
  'SHIPPING_UPDATE',
  'TICKET_UPDATE',
  'TRANSPORTATION_UPDATE',
];

/**
 * The tag of a send. It counts whatever `messaging_type` says: a call that names HUMAN_AGENT must not take control only
 * because it also says RESPONSE.
 */
export function readMessageTag(parameters: Fields, channel: Channel, templateType: unknown): MessageTag | null {
  const messagingType = readMessagingType(parameters);
  const given = readText(parameters, 'tag', 'tag', 100);
  if (given === null) {
    if (messagingType === 'MESSAGE_TAG') throw new GraphError('parameter_required', 'tag');
    return null;
  }
  if (retiredTags.includes(given)) throw new GraphError('tag_retired', given);
  const known = channel === 'instagram' ? (['HUMAN_AGENT'] as const) : (['HUMAN_AGENT', 'CUSTOMER_FEEDBACK'] as const);
  const tag = readChoice(parameters, 'tag', 'tag', known);
  if (tag === 'CUSTOMER_FEEDBACK' && templateType !== 'customer_feedback') {
    throw new GraphError('invalid_parameter', 'The tag CUSTOMER_FEEDBACK needs a customer_feedback template');
  }
  return tag;
}
