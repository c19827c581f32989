import { isGraphId, psid, type Psid } from '../domain/ids.js';
import { GraphError } from './graph-error.js';
import { decodeJsonText } from './lenient-json.js';
import { isObject, type Fields } from './parameter-values.js';

/** Ways to address a person that only exist where the platform itself knows who is meant. */
const foreignAddresses = [
  'user_ref',
  'comment_id',
  'post_id',
  'phone_number',
  'one_time_notif_token',
  'notification_messages_token',
  'login_id',
];

/** The person a call is about: `{id}`, its JSON text, or the plain id, which queries use. */
export function readRecipient(parameters: Fields): Psid {
  const recipient = decodeJsonText(parameters['recipient']);
  if (recipient === undefined || recipient === null || recipient === '') {
    throw new GraphError('parameter_required', 'recipient');
  }
  const id = isObject(recipient) ? recipient['id'] : recipient;
  if (isObject(recipient) && id === undefined) {
    const foreign = foreignAddresses.find((name) => recipient[name] !== undefined);
    if (foreign !== undefined) {
      throw new GraphError('invalid_parameter', `Param recipient[${foreign}] is not supported: use recipient[id]`);
    }
  }
  const digits = typeof id === 'number' ? String(id) : id;
  if (typeof digits !== 'string' || !isGraphId(digits)) throw new GraphError('recipient_malformed');
  return psid(digits);
}
