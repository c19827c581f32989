import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Customer } from '../../support/customer.js';
import { runShell } from '../../support/run.js';
import { openShop, secretOf, type Shop } from '../../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../../support/signalbox.js';
import { ad, desk, inbox, marketing, shop, shopInstagram } from '../../support/thread-fixtures.js';
import type { AppId } from '../../../src/domain/ids.js';
import { appsecretProof } from '../../../src/graph-api/appsecret-proof.js';

/**
 * The command lines of the platform's documentation. The first way changes their base URL; the second changes nothing in
 * them: curl's own configuration file has the host alias and the authority to trust.
 */
describe.each<[string, Record<string, string>]>([
  ['with another base URL', {}],
  ['unchanged, through a host alias', { TLS: 'generated' }],
])('curl, %s,', (_way, settings) => {
  let signalbox: TestSignalbox;
  let world: Shop;
  let home: string;
  let graph: string;

  beforeAll(async () => {
    signalbox = await startSignalbox(settings);
    world = await openShop(signalbox);
    home = await mkdtemp(path.join(tmpdir(), 'signalbox-curl-'));
    const authority = signalbox.certificate?.authorityFile ?? null;
    graph = authority === null ? signalbox.url : 'https://graph.facebook.com';
    const alias = `connect-to = "graph.facebook.com:443:${new URL(signalbox.url).host}"\ncacert = "${authority}"\n`;
    await writeFile(path.join(home, '.curlrc'), authority === null ? '' : alias);
  });
  afterAll(async () => {
    await signalbox?.stop();
    await rm(home, { recursive: true, force: true });
  });

  /** Runs a command line with its placeholders filled in; answers what curl printed, as JSON. */
  async function run(commandLine: string, as: AppId, psid: string): Promise<any> {
    const filled = commandLine
      .replaceAll('https://graph.facebook.com', graph)
      .replaceAll('<ACCESS_TOKEN>', world.tokens.get(as) ?? '')
      .replaceAll('<APP_ACCESS_TOKEN>', `${as}|${secretOf(as)}`)
      .replaceAll('<APP_SECRET_PROOF>', appsecretProof(world.tokens.get(as) ?? '', secretOf(as)))
      .replaceAll('<APP_ID>', as)
      .replaceAll('<PSID>', psid)
      .replaceAll('<PAGE_ID>', shop)
      .replaceAll('<APPLICATION_ID>', desk)
      .replaceAll('<MARKETING_APP_ID>', marketing);
    const { code, stdout, stderr } = await runShell(filled.replace(/^curl /, 'curl -sS '), { CURL_HOME: home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout);
  }

  async function lead(): Promise<Customer> {
    const person = new Customer(signalbox);
    await person.does({ type: 'message', text: 'Is it still on?', ad_id: ad });
    return person;
  }

  const sent = (person: Customer) => ({ recipient_id: person.psid, message_id: expect.stringMatching(/^m_/) });

  it('asks for the status of the feature', async () => {
    const answer = await run(
      'curl -X GET "https://graph.facebook.com/v12.0/me?fields=messaging_feature_status&access_token=<ACCESS_TOKEN>"',
      desk,
      '',
    );
    expect(answer).toEqual({
      messaging_feature_status: { hop_v2: false, msgr_multi_app: true, ig_multi_app: true },
      id: shop,
    });
  });

  it.each<[string, string, AppId | null]>([
    ['passes to the default app', '"payload" : "pass_thread_control"', desk],
    ['releases', '"payload" : "release_thread_control"', null],
    ['passes to an app by its id', '"app_id": "<APPLICATION_ID>",\n    "control_type": "pass"', desk],
    ['releases, with an id', '"app_id": "<APPLICATION_ID>",\n    "control_type": "release"', null],
  ])('sends a message and %s', async (_what, control, owner) => {
    const person = await lead();
    const answer = await run(
      `curl -X POST -H "Content-Type: application/json" -d '{
  "messaging_type": "RESPONSE",
  "thread_control": {
    ${control}
  },
  "recipient": {
    "id": "<PSID>"
  },
  "message": {
    "text" : "Somebody else will answer you"
  }
}' "https://graph.facebook.com/v12.0/me/messages?access_token=<ACCESS_TOKEN>"`,
      marketing,
      person.psid,
    );
    expect(answer).toEqual(sent(person));
    expect(await person.thread()).toMatchObject({ owner_app_id: owner, effective_owner_app_id: desk });
    expect((await person.messages()).at(-1)).toMatchObject({ text: 'Somebody else will answer you' });
  });

  it.each<[string, AppId, string, AppId | null]>([
    ['pass_thread_control', marketing, '', desk],
    ['pass_thread_control', desk, '"target_app_id": "<MARKETING_APP_ID>",', marketing],
    ['pass_thread_control', desk, '"target_app_id": <MARKETING_APP_ID>,', marketing],
    ['release_thread_control', marketing, '', null],
  ])('calls %s as app %s with %j', async (edge, as, target, owner) => {
    const person = await lead();
    if (as === desk) await person.passTo(desk);
    const answer = await run(
      `curl -X POST -H "Content-Type: application/json" -d '{
 "recipient": {
   "id": "<PSID>"
 },
 ${target}
 "metadata": "What the next one should know"
}' "https://graph.facebook.com/v12.0/me/${edge}?access_token=<ACCESS_TOKEN>"`,
      as,
      person.psid,
    );
    expect(answer).toEqual({ success: true });
    expect((await person.thread()).owner_app_id).toBe(owner);
  });

  it('asks who has the thread', async () => {
    const person = await lead();
    const ask =
      'curl -X GET "https://graph.facebook.com/v25.0/<PAGE_ID>/thread_owner?recipient=<PSID>&access_token=<ACCESS_TOKEN>"';
    const owner = { app_id: marketing, expiration: expect.any(Number) };
    expect(await run(ask, marketing, person.psid)).toEqual({ data: [{ thread_owner: owner }] });
    expect(await run(ask, desk, person.psid)).toEqual({ data: [{ thread_owner: owner }] });
    const { expiration } = owner;
    expect(await run(ask, inbox, person.psid)).toEqual({ data: [{ thread_owner: { expiration } }] });
  });

  it.each<[string, string]>([
    [
      '--data, a field each',
      `curl -X POST "https://graph.facebook.com/v12.0/me/messages" \\
        --data 'recipient={"id":"<PSID>"}' --data 'message={"text":"hi"}' --data access_token=<ACCESS_TOKEN>`,
    ],
    [
      '--data-urlencode, quotes as in the documentation',
      `curl "https://graph.facebook.com/v12.0/me/messages?access_token=<ACCESS_TOKEN>" \\
        --data-urlencode "recipient={'id':'<PSID>'}" --data-urlencode "message={text:'hi'}"`,
    ],
    [
      '-F, a form with parts',
      `curl -F 'recipient={"id":<PSID>}' -F 'message={"text":"hi"}' -F access_token=<ACCESS_TOKEN> \\
        https://graph.facebook.com/v12.0/me/messages`,
    ],
    [
      '--data, JSON without a content type',
      `curl "https://graph.facebook.com/me/messages?access_token=<ACCESS_TOKEN>" \\
        --data '{"recipient":{"id":"<PSID>"},"message":{"text":"hi"}}'`,
    ],
    [
      '--json and a header for the token',
      `curl -X POST https://graph.facebook.com/v25.0/<PAGE_ID>/messages -H "Authorization: Bearer <ACCESS_TOKEN>" \\
        -H "Content-Type: application/json" --data-binary '{"recipient":{"id":"<PSID>"},"message":{"text":"hi"}}'`,
    ],
    [
      'everything in the address',
      `curl -g -X POST "https://graph.facebook.com/v25.0/<PAGE_ID>/messages?recipient={'id':'<PSID>'}` +
        `&messaging_type=RESPONSE&message={'text':'hi'}&access_token=<ACCESS_TOKEN>"`,
    ],
    [
      'brackets',
      `curl https://graph.facebook.com/v25.0/me/messages -d 'recipient[id]=<PSID>' -d 'message[text]=hi' \\
        -d 'access_token=<ACCESS_TOKEN>'`,
    ],
  ])('sends with %s', async (_form, commandLine) => {
    const person = await lead();
    expect(await run(commandLine, marketing, person.psid)).toEqual(sent(person));
    expect((await person.messages()).at(-1)).toMatchObject({ app_id: marketing, text: 'hi' });
  });

  it('subscribes an app to the page, and looks', async () => {
    const fields = 'messages,messaging_postbacks,messaging_referrals,messaging_handovers,standby';
    const subscribe =
      `curl -X POST "https://graph.facebook.com/v25.0/<PAGE_ID>/subscribed_apps?subscribed_fields=${fields}` +
      '&access_token=<ACCESS_TOKEN>"';
    expect(await run(subscribe, inbox, '')).toEqual({ success: true });
    const list = 'curl "https://graph.facebook.com/v25.0/<PAGE_ID>/subscribed_apps?access_token=<ACCESS_TOKEN>"';
    expect((await run(list, inbox, '')).data).toContainEqual(
      expect.objectContaining({ id: inbox, subscribed_fields: fields.split(',') }),
    );
  });

  it('tells with a POST that it means another verb', async () => {
    const end =
      'curl -X POST "https://graph.facebook.com/v25.0/<PAGE_ID>/subscribed_apps?method=delete&access_token=<ACCESS_TOKEN>"';
    expect(await run(end, inbox, '')).toEqual({ success: true });
    const list = 'curl "https://graph.facebook.com/v25.0/<PAGE_ID>/subscribed_apps?access_token=<ACCESS_TOKEN>"';
    expect((await run(list, inbox, '')).data).not.toContainEqual(expect.objectContaining({ id: inbox }));
  });

  it('proves its token, and is refused with a wrong proof', async () => {
    const ask =
      'curl "https://graph.facebook.com/v25.0/me?access_token=<ACCESS_TOKEN>&appsecret_proof=<APP_SECRET_PROOF>"';
    expect(await run(ask, desk, '')).toEqual({ name: 'Shop', id: shop });
    const { error } = await run(ask.replace('<APP_SECRET_PROOF>', '00'), desk, '');
    expect(error).toMatchObject({ type: 'GraphMethodException', code: 100 });
  });

  it('asks for the app itself, its pages and its subscriptions, and ends them', async () => {
    const ask = (path: string, verb = 'GET') =>
      run(`curl -X ${verb} "https://graph.facebook.com/v25.0/${path}access_token=<APP_ACCESS_TOKEN>"`, marketing, '');
    expect(await ask('<APP_ID>?fields=name,link&')).toEqual({ name: `app ${marketing}`, id: marketing });
    expect(await ask('me/accounts?')).toEqual({ data: [expect.objectContaining({ id: shop, name: 'Shop' })] });
    expect(await ask('<APP_ID>/subscriptions?object=page&', 'DELETE')).toEqual({ success: true });
    expect(await ask('<APP_ID>/subscriptions?')).toEqual({ data: [] });
    const pages = await run(
      'curl "https://graph.facebook.com/v25.0/me/accounts?access_token=<ACCESS_TOKEN>"',
      desk,
      '',
    );
    expect(pages.data).toEqual([expect.objectContaining({ id: shop, access_token: world.tokens.get(desk) })]);
  });

  it('extends no control and passes no metadata on a routed page', async () => {
    const person = await lead();
    for (const [edge, more] of [
      ['extend_thread_control', '&duration=3600'],
      ['pass_thread_metadata', '&metadata=hello'],
    ] as const) {
      const call =
        `curl -g -X POST "https://graph.facebook.com/v25.0/<PAGE_ID>/${edge}?recipient={id:<PSID>}${more}` +
        '&access_token=<ACCESS_TOKEN>"';
      const { error } = await run(call, marketing, person.psid);
      expect(error).toMatchObject({ code: 10, message: '(#10) Handover Protocol APIs disabled for this page.' });
    }
  });

  it('reads conversations and their messages', async () => {
    const person = await lead();
    const ask = (path: string) =>
      run(`curl -g "https://graph.facebook.com/v25.0/${path}&access_token=<ACCESS_TOKEN>"`, marketing, person.psid);
    const fields = 'fields=participants,messages{id,message,from,to,created_time},is_owner';
    const { data } = await ask(`<PAGE_ID>/conversations?platform=messenger&user_id=<PSID>&${fields}`);
    expect(data).toMatchObject([{ is_owner: true, messages: { data: [{ message: 'Is it still on?' }] } }]);
    const [conversation] = data;
    const [message] = conversation.messages.data;
    expect(await ask(`${conversation.id}?fields=message_count`)).toMatchObject({ message_count: 1 });
    expect((await ask(`${conversation.id}/messages?fields=id`)).data).toMatchObject([{ id: message.id }]);
    expect(await ask(`${message.id}?fields=message,from`)).toMatchObject({
      message: 'Is it still on?',
      from: { id: person.psid },
    });
  });

  it('sends silently, and refuses another way of notifying', async () => {
    const person = await lead();
    const send = (how: string) =>
      run(
        `curl https://graph.facebook.com/v25.0/me/messages -d 'recipient={"id":"<PSID>"}' -d 'message={"text":"hi"}' \
          -d notification_type=${how} -d access_token=<ACCESS_TOKEN>`,
        marketing,
        person.psid,
      );
    expect(await send('SILENT_PUSH')).toEqual(sent(person));
    expect((await send('LOUD')).error).toMatchObject({ code: 100 });
  });

  it('uploads a file and sends it', async () => {
    const person = await lead();
    await writeFile(path.join(home, 'shoe.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
    const { attachment_id: id } = await run(
      `curl -F 'message={"attachment":{"type":"image","payload":{"is_reusable":true}}}' \
        -F 'filedata=@${path.join(home, 'shoe.png')};type=image/png' \
        "https://graph.facebook.com/v25.0/me/message_attachments?access_token=<ACCESS_TOKEN>"`,
      marketing,
      '',
    );
    const send = `curl -X POST "https://graph.facebook.com/v25.0/me/messages?access_token=<ACCESS_TOKEN>" \
      -H 'Content-Type: application/json' \
      -d '{"recipient":{"id":"<PSID>"},"message":{"attachment":{"type":"image","payload":{"attachment_id":"${id}"}}}}'`;
    expect(await run(send, marketing, person.psid)).toEqual(sent(person));
  });

  it('sends a batch as a form', async () => {
    const answers = await run(
      `curl -F access_token=<ACCESS_TOKEN> -F 'batch=[{"method":"GET","relative_url":"me?fields=name"},
        {"method":"GET","relative_url":"nobody"}]' -F include_headers=false https://graph.facebook.com`,
      desk,
      '',
    );
    expect(answers).toMatchObject([{ code: 200, body: `{"name":"Shop","id":"${shop}"}` }, { code: 404 }]);
  });

  it('is told by its exit code of a refusal, and by the body why', async () => {
    const person = await lead();
    const command =
      `curl -sS --fail-with-body "${graph}/v12.0/me/messages?access_token=${world.tokens.get(desk)}" ` +
      `--data '{"recipient":{"id":"${person.psid}"},"message":{"text":"hi"}}'`;
    const { code, stdout } = await runShell(command, { CURL_HOME: home });
    expect(code).toBe(22);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 10, error_subcode: 2018300 });
  });

  it('plays a story on Instagram: the ad, an answer, a pass, a release, and who may answer then', async () => {
    const person = new Customer(signalbox, 'instagram');
    await person.does({ type: 'message', text: 'Is it still on?', ad_id: ad });
    expect(await person.thread()).toMatchObject({ state: 'marketing-owned', owner_app_id: marketing });
    const say = (more: string) => `curl -X POST -H "Content-Type: application/json" -d '{
  "recipient": { "id": "<PSID>" }, "message": { "text": "It is" }${more}
}' "https://graph.facebook.com/v25.0/${shopInstagram}/messages?access_token=<ACCESS_TOKEN>"`;
    const answered = { recipient_id: person.psid, message_id: expect.stringMatching(/^aWdf/) };
    expect(await run(say(''), marketing, person.psid)).toEqual(answered);
    const passed = await run(say(', "thread_control": {"payload": "pass_thread_control"}'), marketing, person.psid);
    expect(passed).toEqual(answered);
    expect((await run(say(''), marketing, person.psid)).error).toMatchObject({ code: 100, error_subcode: 2534037 });
    const released = await run(say(', "thread_control": {"control_type": "release"}'), desk, person.psid);
    expect(released).toEqual(answered);
    expect(await person.thread()).toMatchObject({ state: 'released', effective_owner_app_id: desk });
    expect((await run(say(''), marketing, person.psid)).error).toMatchObject({ code: 100, error_subcode: 2534037 });
    await person.does({ type: 'message', text: 'Thanks' });
    expect(await person.thread()).toMatchObject({ state: 'default-owned', owner_app_id: desk });
  });
});
