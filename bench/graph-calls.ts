import { page, psidOf, support } from './cast.js';

/** Requests of the apps to the Graph API, as bytes for a connection. */
export const graphCalls = {
  /** Marketing, which has the thread, gives it to support. */
  pass: (person: number, token: string): Buffer =>
    post('pass_thread_control', token, { recipient: { id: psidOf(person) }, target_app_id: support.id }),

  release: (person: number, token: string): Buffer =>
    post('release_thread_control', token, { recipient: { id: psidOf(person) } }),

  readOwner: (person: number, token: string): Buffer =>
    Buffer.from(
      `GET /v25.0/${page.id}/thread_owner?recipient=${psidOf(person)}&access_token=${token} HTTP/1.1\r\n` +
        'Host: 127.0.0.1\r\nAccept: */*\r\n\r\n',
      'latin1',
    ),
};

function post(edge: string, token: string, fields: object): Buffer {
  const body = JSON.stringify(fields);
  return Buffer.from(
    `POST /v25.0/${page.id}/${edge}?access_token=${token} HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
      `Content-Type: application/json\r\nAccept: */*\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
}
