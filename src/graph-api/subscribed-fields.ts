import { normaliseField, webhookFields, type WebhookField } from '../domain/page.js';
import { GraphError } from './graph-error.js';
import { readNames, type Fields } from './parameter-values.js';

/**
 * Fields of the platform that have nothing to do with conversations. Apps list them next to those they need, so they are
 * accepted; nothing is ever sent for them.
 */
const otherFields = [
  'feed',
  'mention',
  'mentions',
  'comments',
  'live_comments',
  'story_insights',
  'ratings',
  'leadgen',
  'live_videos',
  'videos',
  'conversations',
  'name',
  'picture',
  'category',
  'description',
  'email',
  'hours',
  'location',
  'phone',
  'website',
  'inbox_labels',
  'message_context',
  'message_template_status_update',
  'messaging_account_linking',
  'messaging_appointments',
  'messaging_checkout_updates',
  'messaging_customer_information',
  'messaging_feedback',
  'messaging_game_plays',
  'messaging_in_thread_lead_form_submit',
  'messaging_integrity',
  'messaging_payments',
  'messaging_policy_enforcement',
  'messaging_pre_checkouts',
  'send_cart',
  'calls',
];

/**
 * Reads a list of webhook fields in either platform's spelling; null if there is none.
 * @throws GraphError naming the first field that does not exist: then nothing is subscribed.
 */
export function readSubscribedFields(parameters: Fields, name: string): WebhookField[] | null {
  const names = readNames(parameters, name);
  if (names === null) return null;
  const fields = names.map((asked, index) => {
    const field = normaliseField(asked);
    if (field === null && !otherFields.includes(asked)) {
      throw new GraphError('subscribed_field_unknown', name, index, [...webhookFields, ...otherFields], asked);
    }
    return field;
  });
  return [...new Set(fields.filter((field) => field !== null))];
}
