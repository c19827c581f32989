import { readFileSync } from 'node:fs';
import { channels } from '../domain/page.js';
import { refusalReasons } from '../domain/thread/refusal.js';
import { GraphError, graphErrors, refusals, refused } from './graph-error.js';
import { traceIdOf } from './trace-id.js';

describe('GraphError', () => {
  it('answers with the platform’s envelope, error first', () => {
    const text = JSON.stringify(refused('thread_not_owned', 'messenger').envelope(traceIdOf('request-1')));
    expect(text).toMatch(
      /^\{"error":\{"message":"\(#10\) Message failed to send because another app is controlling this thread now\.","type":"OAuthException","code":10,"error_subcode":2018300,"fbtrace_id":"A[\w-]{22}"\}\}$/,
    );
  });

  it('leaves out a subcode it does not have, and says what is transient', () => {
    expect(new GraphError('temporarily_unavailable').envelope('A1')).toEqual({
      error: {
        message: '(#2) Service temporarily unavailable',
        type: 'OAuthException',
        code: 2,
        is_transient: true,
        fbtrace_id: 'A1',
      },
    });
  });

  it('puts details into the message', () => {
    expect(new GraphError('unsupported_request', 'POST', '42').message).toBe(
      "Unsupported post request. Object with ID '42' does not exist, cannot be loaded due to missing permissions, or does not support this operation",
    );
    expect(
      new GraphError('subscribed_field_unknown', 'subscribed_fields', 1, ['messages', 'standby'], 'x').message,
    ).toBe('(#100) Param subscribed_fields[1] must be one of {messages, standby} - got "x"');
  });

  it.each<[GraphError, string]>([
    [new GraphError('invalid_token'), 'OAuth "Facebook Platform" "invalid_token" "Invalid OAuth access token."'],
    [
      new GraphError('parameter_required', 'recipient'),
      'OAuth "Facebook Platform" "invalid_request" "(#100) The parameter recipient is required"',
    ],
    [
      new GraphError('unknown_path', 'a"\r\nSet-Cookie: ü'),
      'OAuth "Facebook Platform" "invalid_request" "Unknown path components: /a\\"??Set-Cookie: ?"',
    ],
  ])('%s has a header of its own', (error, header) => {
    expect(error.authenticate).toBe(header);
  });
});

describe('a refusal of the thread machine', () => {
  it.each(refusalReasons.flatMap((reason) => channels.map((channel) => [reason, channel] as const)))(
    '%s on %s is in the envelope of the platform',
    (reason, channel) => {
      expect(refused(reason, channel).status).toBeGreaterThanOrEqual(400);
    },
  );

  it.each([
    ['thread_not_owned', 'messenger', 10, 2018300],
    ['thread_not_owned', 'instagram', 100, 2534037],
    ['window_closed', 'messenger', 10, 2018278],
    ['window_closed', 'instagram', 10, 2534022],
    ['pass_not_owner', 'messenger', 100, 2018151],
    ['release_not_owner', 'messenger', 100, undefined],
    ['target_not_connected', 'messenger', 100, 2018164],
    ['routing_on', 'instagram', 10, undefined],
    ['routing_off', 'messenger', 27, 2018464],
  ] as const)('%s on %s is %d/%d', (reason, channel, code, subcode) => {
    const { error } = refused(reason, channel).envelope('A1');
    expect([error.code, error.error_subcode]).toEqual([code, subcode]);
  });
});

describe('docs/errors.md', () => {
  const [aboutApps = ''] = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8').split('## Admin API');
  const rows = aboutApps
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const cell = (reason: string, column: number) => rows.find(([, name]) => name === `\`${reason}\``)?.[column];

  it('lists every error of the Graph API, and no other', () => {
    const listed = rows.filter((row) => row.length === 8).map(([, name]) => name?.replaceAll('`', ''));
    expect(listed.toSorted()).toEqual(Object.keys(graphErrors).toSorted());
  });

  it('lists every refusal of the thread machine with what each channel is told', () => {
    const listed = rows
      .filter((row) => row.length === 6)
      .map((row) => row.slice(1, 4).map((text) => text.slice(1, -1)));
    expect(listed).toEqual(refusalReasons.map((reason) => [reason, ...channels.map((on) => refusals[reason][on])]));
  });

  it.each(Object.entries(graphErrors))('gives %s its status and codes', (reason, row) => {
    expect(cell(reason, 2)).toBe(String(row.status));
    expect(cell(reason, 3)).toBe('subcode' in row ? `${row.code} / ${row.subcode}` : String(row.code));
    if (typeof row.message === 'string') expect(cell(reason, 4)).toBe(row.message);
  });
});
