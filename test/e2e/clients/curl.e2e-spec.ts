import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Customer } from '../../support/customer.js';
import { runShell } from '../../support/run.js';
import { openShop, type Shop } from '../../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../../support/signalbox.js';
import { ad, desk, inbox, marketing, shop, shopInstagram } from '../../support/thread-fixtures.js';
import type { AppId } from '../../../src/domain/ids.js';

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
