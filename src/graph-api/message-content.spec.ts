import type { Channel } from '../domain/page.js';
import { GraphError } from './graph-error.js';
import { readMessage } from './message-content.js';

const read = (message: unknown, channel: Channel = 'messenger') => readMessage({ message }, channel);
const template = (payload: object) => ({ attachment: { type: 'template', payload } });
const postback = { type: 'postback', title: 'Yes', payload: 'YES' };
const image = { type: 'image', payload: { url: 'https://cdn.example/i.jpg' } };
const reply = { content_type: 'text', title: 'Red', payload: 'RED' };

it('is null for a call without a message', () => {
  expect(readMessage({}, 'messenger')).toBeNull();
  expect(readMessage({ message: '' }, 'messenger')).toBeNull();
});

it('keeps what a message has and leaves out what it does not know', () => {
  expect(read({ text: 'hi', metadata: 'm', quick_replies: [reply], messaging_product: 'x' })).toEqual({
    text: 'hi',
    metadata: 'm',
    quick_replies: [reply],
  });
});

it('takes numbers and booleans as the texts they are in a form', () => {
  expect(read({ text: 42 })).toEqual({ text: '42' });
  expect(read({ text: true })).toEqual({ text: 'true' });
});

it('decodes JSON text at every level', () => {
  const nested = JSON.stringify({
    attachment: JSON.stringify({
      type: 'template',
      payload: JSON.stringify({
        template_type: 'generic',
        elements: JSON.stringify([{ title: 'Shoe', buttons: JSON.stringify([postback]) }]),
      }),
    }),
  });
  expect(read(nested)).toEqual(
    template({ template_type: 'generic', elements: [{ title: 'Shoe', buttons: [postback] }] }),
  );
});

it('counts characters on Messenger and bytes on Instagram', () => {
  expect(read({ text: '👋'.repeat(2000) })).not.toBeNull();
  expect(() => read({ text: '👋'.repeat(2001) })).toThrow('must be less than or equal to 2000');
  expect(read({ text: 'ü'.repeat(500) }, 'instagram')).not.toBeNull();
  expect(() => read({ text: 'ü'.repeat(501) }, 'instagram')).toThrow('must be less than or equal to 1000');
});

it.each<[string, unknown, Channel]>([
  ['media by address', { attachment: image }, 'messenger'],
  ['a sticker', { sticker_id: '369239263222822' }, 'messenger'],
  [
    'a media template',
    template({ template_type: 'media', elements: [{ media_type: 'image', url: 'u' }] }),
    'messenger',
  ],
  ['a receipt as it is', template({ template_type: 'receipt', summary: { total_cost: 1 } }), 'messenger'],
  ['a heart', { attachment: { type: 'like_heart' } }, 'instagram'],
  ['a shared post', { attachment: { type: 'MEDIA_SHARE', payload: { id: '179' } } }, 'instagram'],
  ['several images', { attachments: [image, image] }, 'instagram'],
  ['a long quick reply title', { text: 'x', quick_replies: [{ ...reply, title: 'x'.repeat(30) }] }, 'instagram'],
  [
    'a quick reply for the phone number',
    { text: 'x', quick_replies: [{ content_type: 'user_phone_number' }] },
    'messenger',
  ],
])('takes %s', (_what, message, channel) => {
  expect(read(message, channel)).toEqual(message);
});

it.each<[string, unknown, Channel, GraphError['reason']]>([
  ['nothing', {}, 'messenger', 'message_empty'],
  ['quick replies alone', { quick_replies: [reply] }, 'messenger', 'message_empty'],
  ['an attachment without a type', { attachment: {} }, 'messenger', 'parameter_required'],
  ['an attachment of no kind', { attachment: { type: 'smell' } }, 'messenger', 'invalid_parameter'],
  ['media without an address', { attachment: { type: 'image', payload: {} } }, 'messenger', 'parameter_required'],
  ['media without a payload', { attachment: { type: 'image' } }, 'messenger', 'parameter_required'],
  ['a heart on Messenger', { attachment: { type: 'like_heart' } }, 'messenger', 'invalid_parameter'],
  ['several attachments on Messenger', { attachments: [image] }, 'messenger', 'invalid_parameter'],
  ['a video among images', { attachments: [{ ...image, type: 'video' }] }, 'instagram', 'message_invalid_instagram'],
  ['eleven images', { attachments: Array(11).fill(image) }, 'instagram', 'invalid_parameter'],
  [
    'a shared post without id',
    { attachment: { type: 'MEDIA_SHARE', payload: {} } },
    'instagram',
    'message_invalid_instagram',
  ],
  ['a template of no kind', template({ template_type: 'poem' }), 'messenger', 'invalid_parameter'],
  ['a template without type', template({}), 'messenger', 'parameter_required'],
  ['a generic template without elements', template({ template_type: 'generic' }), 'messenger', 'parameter_required'],
  [
    'an element without title',
    template({ template_type: 'generic', elements: [{}] }),
    'messenger',
    'parameter_required',
  ],
  [
    'eleven elements',
    template({ template_type: 'generic', elements: Array(11).fill({ title: 'x' }) }),
    'messenger',
    'invalid_parameter',
  ],
  [
    'four buttons',
    template({ template_type: 'button', text: 'x', buttons: Array(4).fill(postback) }),
    'messenger',
    'invalid_parameter',
  ],
  [
    'a postback without payload',
    template({ template_type: 'button', text: 'x', buttons: [{ ...postback, payload: '' }] }),
    'messenger',
    'parameter_required',
  ],
  [
    'a web button without address',
    template({ template_type: 'button', text: 'x', buttons: [{ type: 'web_url', title: 'x' }] }),
    'messenger',
    'parameter_required',
  ],
  [
    'a button title that is too long',
    template({ template_type: 'button', text: 'x', buttons: [{ ...postback, title: 'x'.repeat(21) }] }),
    'messenger',
    'invalid_parameter',
  ],
  [
    'a quick reply without payload',
    { text: 'x', quick_replies: [{ ...reply, payload: undefined }] },
    'messenger',
    'parameter_required',
  ],
  [
    'a quick reply title that is too long',
    { text: 'x', quick_replies: [{ ...reply, title: 'x'.repeat(21) }] },
    'messenger',
    'invalid_parameter',
  ],
  ['metadata that are too long', { text: 'x', metadata: 'x'.repeat(1001) }, 'messenger', 'invalid_parameter'],
])('refuses %s', (_what, message, channel, reason) => {
  let thrown: unknown;
  try {
    read(message, channel);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GraphError);
  expect((thrown as GraphError).reason).toBe(reason);
});

it('takes a medium by the id of one that was kept, and one that comes as a file, without an address', () => {
  const kept = { attachment: { type: 'image', payload: { attachment_id: 1 } } };
  expect(read(kept, 'messenger')).toEqual(kept);
  const upload = { attachment: { type: 'image', payload: { is_reusable: true } } };
  expect(readMessage({ message: upload }, 'messenger', true)).toEqual(upload);
  expect(readMessage({ message: { attachment: { type: 'file' } } }, 'messenger', true)).toEqual({
    attachment: { type: 'file', payload: {} },
  });
});
