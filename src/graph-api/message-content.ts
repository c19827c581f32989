import type { Channel } from '../domain/page.js';
import { GraphError } from './graph-error.js';
import { readTemplate } from './message-template.js';
import {
  lengthOf,
  readChoice,
  readGraphId,
  readObject,
  readObjects,
  readText,
  type Fields,
} from './parameter-values.js';

const textLengthMax = 2000;
/** Instagram counts bytes of UTF-8. */
const instagramTextBytesMax = 1000;
const metadataLengthMax = 1000;
const quickRepliesMax = 13;
const instagramImagesMax = 10;
export const mediaTypes = ['image', 'audio', 'video', 'file'] as const;

/**
 * Checks `message` as its channel does and returns it decoded: whatever form the client used, what is inside is objects,
 * lists and texts. Null if the call has none. With `uploaded`, the medium is a file beside it and needs no address.
 */
export function readMessage(parameters: Fields, channel: Channel, uploaded = false): Fields | null {
  const given = readObject(parameters, 'message', 'message');
  if (given === null) return null;
  const message = {
    text: readMessageText(given, channel),
    attachment: readAttachment(given, channel, uploaded),
    attachments: readImages(given, channel),
    sticker_id: channel === 'messenger' ? readGraphId(given, 'sticker_id', 'message[sticker_id]') : null,
    quick_replies: readQuickReplies(given, channel),
    metadata: readText(given, 'metadata', 'message[metadata]', metadataLengthMax),
  };
  const { text, attachment, attachments, sticker_id } = message;
  if ([text, attachment, attachments, sticker_id].every((part) => part === null)) throw new GraphError('message_empty');
  return Object.fromEntries(Object.entries(message).filter(([, part]) => part !== null));
}

function readMessageText(message: Fields, channel: Channel): string | null {
  const text = readText(message, 'text', 'message[text]', Number.POSITIVE_INFINITY);
  if (text === null) return null;
  if (channel === 'instagram') {
    if (Buffer.byteLength(text) > instagramTextBytesMax) throw new GraphError('text_too_long', instagramTextBytesMax);
  } else if (lengthOf(text) > textLengthMax) {
    throw new GraphError('text_too_long', textLengthMax);
  }
  return text;
}

function readAttachment(message: Fields, channel: Channel, uploaded: boolean): Fields | null {
  const attachment = readObject(message, 'attachment', 'message[attachment]');
  if (attachment === null) return null;
  const given = readText(attachment, 'type', 'message[attachment][type]', 50);
  if (given === null) throw new GraphError('parameter_required', 'message[attachment][type]');
  const path = 'message[attachment][payload]';
  const payload = readObject(attachment, 'payload', path);
  if (channel === 'instagram' && given === 'like_heart') return { type: given };
  if (channel === 'instagram' && given.toUpperCase() === 'MEDIA_SHARE') {
    if (payload === null || readText(payload, 'id', `${path}[id]`, 100) === null) {
      throw new GraphError('message_invalid_instagram');
    }
    return { type: 'MEDIA_SHARE', payload };
  }
  const type = readChoice(attachment, 'type', 'message[attachment][type]', [...mediaTypes, 'template']);
  if (type === 'template') {
    if (payload === null) throw new GraphError('parameter_required', path);
    return { type, payload: readTemplate(payload, path) };
  }
  return { type, payload: uploaded ? (payload ?? {}) : readMedia(payload, path) };
}

/** A medium is sent by its address, or by the id of one that was kept: whether there is such a one is not known here. */
function readMedia(payload: Fields | null, path: string): Fields {
  if (payload === null) throw new GraphError('parameter_required', path);
  const attachmentId = readText(payload, 'attachment_id', `${path}[attachment_id]`, 100);
  if (attachmentId !== null) return payload;
  const address = readText(payload, 'url', `${path}[url]`, 2000);
  if (address === null) throw new GraphError('parameter_required', `${path}[url]`);
  const url = URL.parse(address);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new GraphError('invalid_parameter', `Param ${path}[url] must be a valid URL`);
  }
  return payload;
}

/** Instagram takes up to ten images in one message. */
function readImages(message: Fields, channel: Channel): readonly Fields[] | null {
  const path = 'message[attachments]';
  const attachments = readObjects(message, 'attachments', path, instagramImagesMax);
  if (attachments === null || attachments.length === 0) return null;
  if (channel !== 'instagram') throw new GraphError('invalid_parameter', `Param ${path} is for Instagram only`);
  return attachments.map((attachment, index) => {
    const at = `${path}[${index}]`;
    if (attachment['type'] !== 'image') throw new GraphError('message_invalid_instagram');
    return { type: 'image', payload: readMedia(readObject(attachment, 'payload', `${at}[payload]`), `${at}[payload]`) };
  });
}

function readQuickReplies(message: Fields, channel: Channel): readonly Fields[] | null {
  const replies = readObjects(message, 'quick_replies', 'message[quick_replies]', quickRepliesMax);
  if (replies === null || replies.length === 0) return null;
  // Instagram shows the first 20 characters of a longer title, Messenger refuses it.
  const titleLengthMax = channel === 'messenger' ? 20 : Number.POSITIVE_INFINITY;
  replies.forEach((reply, index) => {
    const path = `message[quick_replies][${index}]`;
    const type = readChoice(reply, 'content_type', `${path}[content_type]`, [
      'text',
      'user_phone_number',
      'user_email',
    ]);
    if (type === null) throw new GraphError('parameter_required', `${path}[content_type]`);
    const title = readText(reply, 'title', `${path}[title]`, titleLengthMax);
    const payload = readText(reply, 'payload', `${path}[payload]`, 1000);
    if (type !== 'text') return;
    if (title === null) throw new GraphError('parameter_required', `${path}[title]`);
    if (payload === null) throw new GraphError('parameter_required', `${path}[payload]`);
  });
  return replies;
}
