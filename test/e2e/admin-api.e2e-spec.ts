import { OpenApiDocument } from '../support/openapi.js';
import { Receiver } from '../support/receiver.js';
import { startSignalbox, type ApiAnswer, type TestSignalbox } from '../support/signalbox.js';

const shop = '104700000000001';
const otherShop = '104700000000002';
const shopOnInstagram = '17841400000000001';
const marketing = '2100000000000011';
const support = '2200000000000022';
/** Beyond 2^53. */
const inbox = '90071992547409931234';
const stranger = '2300000000000033';
const ad = '6045246247433';

describe('the admin API', () => {
  let signalbox: TestSignalbox;
  let document: OpenApiDocument;
  let people = 0;

  beforeAll(async () => {
    signalbox = await startSignalbox();
    document = await OpenApiDocument.of(signalbox.url);
    for (const [id, kind] of [
      [marketing, 'bot'],
      [support, 'bot'],
      [inbox, 'inbox'],
      [stranger, 'bot'],
    ]) {
      await expectStatus(201, 'PUT', `/apps/${id}`, { name: `App ${id}`, kind });
    }
    const instagram = { id: shopOnInstagram, default_app_id: support };
    await expectStatus(201, 'PUT', `/pages/${shop}`, { name: 'Shop', default_app_id: support, instagram });
    for (const id of [marketing, support, inbox]) await expectStatus(201, 'PUT', `/pages/${shop}/apps/${id}`, {});
    await expectStatus(201, 'PUT', `/pages/${shop}/routes/ads/${ad}`, { receiving_app_id: marketing, ref: 'summer' });
  });
  afterAll(() => signalbox.stop());

  /** Calls the API and holds the answer against the OpenAPI document. */
  async function call(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await signalbox.api(method, `/api/v1${path}`, body, headers);
    check(method, `/api/v1${path}`, answer);
    return answer;
  }
  function check(method: string, path: string, { status, headers, body }: ApiAnswer): void {
    document.check(method, path, { status, contentType: headers.get('content-type') ?? '', body });
  }
  async function expectStatus(
    status: number,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) {
    const answer = await call(method, path, body, headers);
    expect({ call: `${method} ${path}`, status: answer.status, body: answer.body }).toMatchObject({ status });
    return answer.body;
  }
  async function expectProblem(
    code: string,
    status: number,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) {
    const answer = await call(method, path, body, headers);
    expect(answer.body).toMatchObject({ code, status, type: `urn:signalbox:problem:${code}` });
    expect(answer.status).toBe(status);
    expect(answer.body.trace_id).toMatch(/^[0-9a-f-]{36}$/);
    return answer.body;
  }

  const newPerson = () => String(7_000_000_000_000_000 + ++people);
  const act = (psid: string, action: Record<string, unknown>) =>
    expectStatus(200, 'POST', `/simulator/pages/${shop}/people/${psid}/actions`, action);
  const writes = async (text = 'hello', channel = 'messenger') => {
    const psid = newPerson();
    await act(psid, { type: 'message', channel, text });
    return psid;
  };
  const thread = (psid: string) => expectStatus(200, 'GET', `/threads/${shop}/${psid}`);
  const control = (psid: string) => `/threads/${shop}/${psid}/control`;
  const all = async (path: string, limit = 2) => {
    const data: any[] = [];
    for (let cursor: string | null = null; ;) {
      const separator = path.includes('?') ? '&' : '?';
      const page: any = await expectStatus(
        200,
        'GET',
        `${path}${separator}limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      data.push(...page.data);
      if (page.next_cursor === null) return data;
      cursor = page.next_cursor;
    }
  };

  describe('authorisation', () => {
    it.each([undefined, 'Bearer wrong', 'Basic dGVzdDp0ZXN0', 'Bearer'])('refuses "%s"', async (authorization) => {
      const response = await fetch(`${signalbox.url}/api/v1/apps`, {
        headers: authorization === undefined ? {} : { authorization },
      });
      const body = await response.json();
      check('GET', '/api/v1/apps', { status: response.status, headers: response.headers, body });
      expect(body).toMatchObject({ code: 'unauthorized', status: 401 });
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
    });
  });

  describe('apps', () => {
    it('generates a secret that is missing and shows it once', async () => {
      const created = await expectStatus(201, 'PUT', '/apps/501', { name: 'Fresh' });
      expect(created.app_secret).toMatch(/^[0-9a-f]{32}$/);
      const replaced = await expectStatus(200, 'PUT', '/apps/501', { name: 'Renamed' });
      expect(replaced).toEqual({ ...created, name: 'Renamed', app_secret: undefined, verify_token: undefined });
      const read = await expectStatus(200, 'GET', '/apps/501');
      expect(JSON.stringify(read)).not.toContain(created.app_secret);
      await expectStatus(204, 'DELETE', '/apps/501');
      await expectProblem('app_not_found', 404, 'GET', '/apps/501');
      await expectProblem('app_not_found', 404, 'DELETE', '/apps/501');
    });

    it('pauses and resumes', async () => {
      const paused = await expectStatus(200, 'POST', `/apps/${stranger}/pause`, { reason: 'deploying' });
      expect(paused).toMatchObject({ pause_reason: 'deploying', paused_at: expect.any(String) });
      await expectStatus(200, 'POST', `/apps/${stranger}/pause`);
      expect(await expectStatus(200, 'POST', `/apps/${stranger}/resume`)).toMatchObject({ paused_at: null });
      await expectProblem('app_not_found', 404, 'POST', '/apps/77/resume');
    });

    it('lists them in pages', async () => {
      const ids = (await all('/apps')).map(({ app_id }) => app_id);
      expect(ids).toEqual([...ids].sort());
      expect(ids).toEqual(expect.arrayContaining([marketing, support, inbox, stranger]));
    });

    describe('callbacks', () => {
      let receiver: Receiver;
      beforeAll(async () => {
        receiver = await Receiver.start('secret', 'the verify token');
      });
      afterAll(() => receiver.close());

      it('are asked whether they are one, once', async () => {
        const body = { name: 'Bot', callback_url: receiver.url, verify_token: receiver.verifyToken };
        await expectStatus(201, 'PUT', '/apps/502', body);
        expect(await expectStatus(200, 'PUT', '/apps/502', { ...body, name: 'Renamed' })).toMatchObject({
          callback_url: receiver.url,
        });
        expect(receiver.handshakes).toBe(1);
      });

      it.each([
        ['a wrong verify token', () => ({ callback_url: receiver.url, verify_token: 'another' }), '403'],
        ['nobody there', () => ({ callback_url: 'http://127.0.0.1:9/', verify_token: 'x' }), 'refused'],
        ['a private address', () => ({ callback_url: 'http://10.1.2.3/hook', verify_token: 'x' }), 'not public'],
        ['no URL', () => ({ callback_url: 'bot.example', verify_token: 'x' }), 'not a complete URL'],
        ['another scheme', () => ({ callback_url: 'ftp://127.0.0.1/', verify_token: 'x' }), 'http'],
      ])('are refused with %s, and nothing changes', async (_, settings, reason) => {
        await expectStatus(200, 'PUT', `/apps/${stranger}`, { name: 'Before' });
        const problem = await expectProblem('callback_not_verified', 422, 'PUT', `/apps/${stranger}`, {
          name: 'After',
          ...settings(),
        });
        expect(problem.detail).toContain(reason);
        expect(await expectStatus(200, 'GET', `/apps/${stranger}`)).toMatchObject({
          name: 'Before',
          callback_url: null,
        });
      });
    });
  });

  describe('pages and connections', () => {
    it('are created, replaced, listed and deleted', async () => {
      expect(await expectStatus(201, 'PUT', `/pages/${otherShop}`, { name: 'Other' })).toEqual({
        page_id: otherShop,
        name: 'Other',
        default_app_id: null,
        social_app_id: null,
        instagram: null,
        standby_on_connect: false,
        meta: { configured: false },
        outside_replies: 'inbox_takes',
      });
      const first = await expectStatus(201, 'PUT', `/pages/${otherShop}/apps/${marketing}`, {
        subscribed_fields: ['messages', 'messaging_handover', 'message_reads'],
        standby: { messenger: true, instagram: false },
        can_take_control: true,
      });
      expect(first).toMatchObject({
        subscribed_fields: ['messages', 'messaging_handovers', 'message_reads'],
        standby: { messenger: true, instagram: false },
        can_take_control: true,
        page_access_token: expect.stringMatching(/^EAA/),
      });
      const again = await expectStatus(200, 'PUT', `/pages/${otherShop}/apps/${marketing}`, {});
      expect(again.page_access_token).toBeUndefined();
      const token = await expectStatus(201, 'POST', `/pages/${otherShop}/apps/${marketing}/token`);
      expect(token.page_access_token).not.toBe(first.page_access_token);
      expect(await all(`/pages/${otherShop}/apps`)).toEqual([again]);
      expect(await expectStatus(200, 'GET', `/pages/${otherShop}/apps/${marketing}`)).toEqual(again);

      await expectProblem('app_not_connected', 409, 'PUT', `/pages/${otherShop}`, {
        name: 'x',
        default_app_id: support,
      });
      await expectStatus(200, 'PUT', `/pages/${otherShop}`, { name: 'Other', default_app_id: marketing });
      expect(await expectStatus(200, 'GET', `/pages/${otherShop}/apps/${marketing}`)).toMatchObject({
        standby: { messenger: true, instagram: true },
      });
      await expectStatus(204, 'DELETE', `/pages/${otherShop}/apps/${marketing}`);
      expect(await expectStatus(200, 'GET', `/pages/${otherShop}`)).toMatchObject({ default_app_id: null });
      await expectProblem('connection_not_found', 404, 'GET', `/pages/${otherShop}/apps/${marketing}`);
      await expectProblem('connection_not_found', 404, 'DELETE', `/pages/${otherShop}/apps/${marketing}`);
      await expectProblem('connection_not_found', 404, 'POST', `/pages/${otherShop}/apps/${marketing}/token`);

      expect((await all('/pages')).map(({ page_id }) => page_id)).toEqual([shop, otherShop]);
      await expectStatus(204, 'DELETE', `/pages/${otherShop}`);
      await expectProblem('page_not_found', 404, 'GET', `/pages/${otherShop}`);
      await expectProblem('page_not_found', 404, 'DELETE', `/pages/${otherShop}`);
      await expectProblem('page_not_found', 404, 'GET', `/pages/${otherShop}/apps`);
      await expectProblem('page_not_found', 404, 'PUT', `/pages/${otherShop}/apps/${marketing}`, {});
    });

    it('refuse ids that are taken and apps that do not exist', async () => {
      const instagram = { id: shopOnInstagram };
      await expectProblem('id_taken', 409, 'PUT', `/pages/${otherShop}`, { name: 'Other', instagram });
      await expectProblem('unknown_app', 422, 'PUT', `/pages/${otherShop}`, { name: 'Other', default_app_id: '77' });
      await expectProblem('app_not_found', 404, 'PUT', `/pages/${shop}/apps/77`, {});
      await expectProblem('page_not_found', 404, 'GET', `/pages/${otherShop}`);
    });
  });

  it('routes ads and links', async () => {
    const template = { text: 'Hi', buttons: [{ title: 'Yes', payload: 'YES' }] };
    const route = { receiving_app_id: marketing, ref: 'winter', title: 'Winter', template };
    expect(await expectStatus(201, 'PUT', `/pages/${shop}/routes/ads/700`, route)).toEqual({
      page_id: shop,
      ad_id: '700',
      ...route,
    });
    await expectStatus(200, 'PUT', `/pages/${shop}/routes/ads/700`, { receiving_app_id: support });
    expect(await expectStatus(200, 'GET', `/pages/${shop}/routes/ads/700`)).toMatchObject({ template: null });
    expect((await all(`/pages/${shop}/routes/ads`, 1)).map(({ ad_id }) => ad_id)).toEqual([ad, '700']);
    await expectStatus(204, 'DELETE', `/pages/${shop}/routes/ads/700`);
    await expectProblem('route_not_found', 404, 'GET', `/pages/${shop}/routes/ads/700`);
    await expectProblem('route_not_found', 404, 'DELETE', `/pages/${shop}/routes/ads/700`);

    const ref = `Help & Support/ü?${'x'.repeat(300)}`;
    const link = `/pages/${shop}/routes/links/${encodeURIComponent(ref)}`;
    expect(await expectStatus(201, 'PUT', link, { app_id: support })).toEqual({ page_id: shop, ref, app_id: support });
    await expectStatus(200, 'PUT', link, { app_id: marketing });
    expect(await expectStatus(200, 'GET', link)).toMatchObject({ app_id: marketing });
    expect(await all(`/pages/${shop}/routes/links`)).toHaveLength(1);
    await expectStatus(204, 'DELETE', link);
    await expectProblem('route_not_found', 404, 'GET', link);
    await expectProblem('route_not_found', 404, 'DELETE', link);
    await expectProblem('unknown_app', 422, 'PUT', link, { app_id: '77' });
    await expectProblem('page_not_found', 404, 'PUT', `/pages/77/routes/links/x`, { app_id: support });
    await expectProblem('page_not_found', 404, 'GET', `/pages/77/routes/links`);
    await expectProblem('page_not_found', 404, 'GET', `/pages/77/routes/ads`);
  });

  describe('explain', () => {
    const explain = (body: Record<string, unknown>) => expectStatus(200, 'POST', `/pages/${shop}/explain`, body);

    it('tells where somebody new would go, and why', async () => {
      expect(await explain({ type: 'tap_ad', ad_id: ad })).toMatchObject({
        app_id: marketing,
        because: 'ad_route',
        before: { state: 'released', effective_owner_app_id: support },
        after: { state: 'marketing-owned', entry_point: { type: 'ad', ad_id: ad, ref: 'summer' } },
        notices: expect.arrayContaining([
          expect.objectContaining({ app_id: marketing, kind: 'pass', previous_owner_app_id: null }),
          expect.objectContaining({ app_id: support, kind: 'event', field: 'standby' }),
        ]),
        sentences: expect.arrayContaining([expect.stringContaining('routes to')]),
      });
      expect(await explain({ type: 'message' })).toMatchObject({ app_id: support, because: 'default_app' });
      expect(await explain({ type: 'message', channel: 'instagram' })).toMatchObject({ app_id: support });
      expect(await explain({ type: 'open_link', ref: 'nowhere' })).toMatchObject({ because: 'default_app' });
    });

    it('agrees with what then happens, and changes nothing itself', async () => {
      const psid = await writes();
      const before = await thread(psid);
      const explained = await explain({ psid, type: 'tap_ad', ad_id: ad });
      expect(await thread(psid)).toEqual(before);
      expect(before).toMatchObject(explained.before);
      await act(psid, { type: 'tap_ad', ad_id: ad });
      const last = (await all(`/threads/${shop}/${psid}/events`, 100)).at(-1);
      expect(last.notices).toEqual(explained.notices);
      expect(await thread(psid)).toMatchObject({ state: 'marketing-owned', version: explained.after.version });
      expect(await explain({ psid, type: 'message' })).toMatchObject({ app_id: marketing, because: 'owner' });
    });

    it('names a route that is skipped', async () => {
      await expectStatus(201, 'PUT', `/pages/${shop}/routes/ads/701`, { receiving_app_id: stranger });
      expect(await explain({ type: 'tap_ad', ad_id: '701' })).toMatchObject({
        app_id: support,
        because: 'default_app',
        skipped_app_id: stranger,
      });
      await expectStatus(204, 'DELETE', `/pages/${shop}/routes/ads/701`);
    });

    it('refuses what makes no sense', async () => {
      await expectProblem('invalid_request', 400, 'POST', `/pages/${shop}/explain`, { type: 'tap_ad' });
      await expectProblem('invalid_request', 400, 'POST', `/pages/${shop}/explain`, { type: 'open_link' });
      await expectProblem('invalid_request', 400, 'POST', `/pages/${shop}/explain`, { type: 'dance' });
      await expectProblem('page_not_found', 404, 'POST', `/pages/77/explain`, { type: 'message' });
      const psid = await writes();
      const body = { psid, type: 'message', channel: 'instagram' };
      await expectProblem('wrong_channel', 409, 'POST', `/pages/${shop}/explain`, body);
    });
  });

  describe('threads', () => {
    it('are shown with everything about them', async () => {
      const psid = newPerson();
      await act(psid, { type: 'message', text: 'hello', ad_id: ad });
      expect(await thread(psid)).toMatchObject({
        page_id: shop,
        psid,
        channel: 'messenger',
        state: 'marketing-owned',
        owner_app_id: marketing,
        effective_owner_app_id: marketing,
        previous_owner_app_id: null,
        entry_point: { type: 'ad', ad_id: ad, ref: 'summer' },
        version: 1,
      });
      const events = await all(`/threads/${shop}/${psid}/events`, 1);
      expect(events.at(-1)).toMatchObject({ type: 'user.message', outcome: 'applied', version: 1 });
    });

    it('are listed by page, state and owner, each once', async () => {
      const psids = [await writes(), await writes(), await writes()];
      for (const psid of psids) {
        await expectStatus(200, 'POST', control(psid), { action: 'pass', app_id: inbox });
      }
      const listed = await all(`/threads?page_id=${shop}&state=passed&owner_app_id=${inbox}`, 1);
      expect(listed.map(({ psid }) => psid).sort()).toEqual(psids.sort());
      expect(await all('/threads?page_id=77')).toEqual([]);
      for (const psid of psids) await expectStatus(200, 'POST', control(psid), { action: 'release' });
      expect(await all(`/threads?owner_app_id=${inbox}`)).toEqual([]);
    });

    it('that do not exist are no threads', async () => {
      for (const rest of ['', '/events', '/deliveries']) {
        await expectProblem('thread_not_found', 404, 'GET', `/threads/${shop}/77${rest}`);
        await expectProblem('page_not_found', 404, 'GET', `/threads/77/77${rest}`);
      }
    });
  });

  describe('control', () => {
    it('passes, takes and releases, and says who had the thread before', async () => {
      const psid = await writes();
      const passed = await expectStatus(200, 'POST', control(psid), {
        action: 'pass',
        app_id: marketing,
        reason: 'wants an offer',
      });
      expect(passed).toMatchObject({
        before: { state: 'default-owned', owner_app_id: support, version: 1 },
        after: { state: 'passed', owner_app_id: marketing, previous_owner_app_id: support, version: 2 },
        repeated: false,
      });
      const taken = await expectStatus(200, 'POST', control(psid), { action: 'take', app_id: inbox });
      expect(taken).toMatchObject({ before: { owner_app_id: marketing }, after: { owner_app_id: inbox } });
      const released = await expectStatus(200, 'POST', control(psid), { action: 'release' });
      expect(released).toMatchObject({ after: { state: 'released', effective_owner_app_id: support } });
      const events = await all(`/threads/${shop}/${psid}/events`, 100);
      expect(events.map(({ type }) => type)).toEqual([
        'user.message',
        'operator.pass',
        'inbox.take',
        'operator.release',
      ]);
      expect(events[1].cause).toMatchObject({ by: 'operator', reason: 'wants an offer' });
      expect(events[1].notices).toMatchObject([
        { kind: 'take', app_id: support },
        { kind: 'pass', app_id: marketing },
      ]);
      expect(events[2].notices).toMatchObject([{ kind: 'take', app_id: marketing }]);
    });

    it('refuses with who has the thread, and leaves it alone', async () => {
      const psid = await writes();
      const before = await thread(psid);
      const refused = await expectProblem('target_is_owner', 409, 'POST', control(psid), {
        action: 'pass',
        app_id: support,
      });
      expect(refused).toMatchObject({
        detail: expect.stringMatching(
          /^Refused: that app has the thread already\. App 2200000000000022 \(2200000000000022\) owns this thread since \d\d:\d\d UTC, until \d\d:\d\d UTC tomorrow\. Nothing is left to do\.$/,
        ),
        refusal: { effective_owner_app_id: support },
        thread: { psid: before.psid, state: before.state, version: before.version, owner_since: before.owner_since },
      });
      await expectProblem('target_not_connected', 409, 'POST', control(psid), { action: 'pass', app_id: stranger });
      await expectProblem('app_not_connected', 409, 'POST', control(psid), { action: 'take', app_id: stranger });
      await expectProblem('thread_not_owned', 409, 'POST', control(psid), { action: 'take', app_id: marketing });
      // What was refused is an event, too.
      expect(await thread(psid)).toEqual({ ...before, last_event_at: expect.any(String) });
      await expectStatus(200, 'POST', control(psid), { action: 'release' });
      await expectProblem('already_released', 409, 'POST', control(psid), { action: 'release' });
      await expectProblem('thread_not_found', 404, 'POST', control('77'), { action: 'release' });
      await expectProblem('page_not_found', 404, 'POST', '/threads/77/77/control', { action: 'release' });
    });

    it('holds if_version', async () => {
      const psid = await writes();
      const stale = await expectProblem('version_mismatch', 409, 'POST', control(psid), {
        action: 'release',
        if_version: 0,
      });
      expect(stale.thread).toMatchObject({ version: 1, owner_app_id: support });
      await expectStatus(200, 'POST', control(psid), { action: 'release', if_version: 1 });
    });

    it('does the same call with the same key once, and refuses another call with it', async () => {
      const psid = await writes();
      const key = { 'idempotency-key': 'move-1' };
      const body = { action: 'pass', app_id: marketing };
      const first = await expectStatus(200, 'POST', control(psid), body, key);
      const second = await expectStatus(200, 'POST', control(psid), body, key);
      expect(second).toEqual({ ...first, repeated: true });
      await expectProblem('idempotency_key_reused', 422, 'POST', control(psid), { action: 'release' }, key);
      await expectProblem(
        'idempotency_key_reused',
        422,
        'POST',
        `/threads/${shop}/${psid}/messages`,
        { text: 'x' },
        key,
      );
      expect(await all(`/threads/${shop}/${psid}/events`)).toHaveLength(2);
      // A key counts within its thread.
      const other = await writes();
      await expectStatus(200, 'POST', control(other), { action: 'release' }, key);

      const refusedKey = { 'idempotency-key': 'move-2' };
      for (let time = 1; time <= 2; time++) {
        await expectProblem('target_is_owner', 409, 'POST', control(psid), body, refusedKey);
      }
      expect(await all(`/threads/${shop}/${psid}/events`)).toHaveLength(3);
      await expectProblem('invalid_request', 400, 'POST', control(psid), body, { 'idempotency-key': 'a b' });
    });
  });

  describe("the inbox's answer", () => {
    it('takes control and says who had it', async () => {
      const psid = await writes();
      const path = `/threads/${shop}/${psid}/messages`;
      const key = { 'idempotency-key': 'answer-1' };
      const sent = await expectStatus(200, 'POST', path, { text: 'How can I help?' }, key);
      expect(sent).toMatchObject({
        before: { owner_app_id: support },
        after: { state: 'passed', owner_app_id: inbox },
        message_id: expect.stringMatching(/^m_/),
      });
      expect(await expectStatus(200, 'POST', path, { text: 'How can I help?' }, key)).toEqual({
        ...sent,
        repeated: true,
      });
      const seen = await expectStatus(200, 'GET', `/simulator/pages/${shop}/people/${psid}/messages`);
      expect(JSON.stringify(seen)).toContain('How can I help?');
      expect(JSON.stringify(seen).split(sent.message_id)).toHaveLength(2);
    });

    it('is refused without an inbox, for an app that is none, for too long a text', async () => {
      const psid = await writes('hi', 'instagram');
      const path = `/threads/${shop}/${psid}/messages`;
      await expectProblem('app_not_connected', 409, 'POST', path, { text: 'x', app_id: marketing });
      await expectProblem('invalid_request', 400, 'POST', path, { text: 'ü'.repeat(501) });
      await expectProblem('invalid_request', 400, 'POST', path, { text: 'x'.repeat(2001) });
      await expectProblem('invalid_request', 400, 'POST', path, { text: '' });
      await expectProblem('thread_not_found', 404, 'POST', `/threads/${shop}/77/messages`, { text: 'x' });
      await expectStatus(204, 'DELETE', `/pages/${shop}/apps/${inbox}`);
      await expectProblem('app_not_connected', 409, 'POST', path, { text: 'x' });
      await expectStatus(201, 'PUT', `/pages/${shop}/apps/${inbox}`, {});
    });
  });

  describe('deliveries', () => {
    it('are listed for a thread, and for an app, in order', async () => {
      const psid = newPerson();
      await act(psid, { type: 'message', text: 'hello', ad_id: ad });
      const ofThread = await all(`/threads/${shop}/${psid}/deliveries`, 1);
      expect(ofThread.map(({ app_id, kind, field }) => [app_id, kind, field])).toEqual([
        [marketing, 'pass', 'messaging'],
        [marketing, 'event', 'messaging'],
        [support, 'event', 'standby'],
        [inbox, 'event', 'standby'],
      ]);
      const [first] = ofThread;
      expect(await expectStatus(200, 'GET', `/deliveries/${first.id}`)).toMatchObject({ id: first.id, psid });
      const ofApp = await all(`/deliveries?app_id=${inbox}`);
      expect(ofApp.every(({ app_id }) => app_id === inbox)).toBe(true);
      expect(ofApp.filter((delivery) => delivery.psid === psid)).toHaveLength(1);
      const ids = (await all('/deliveries', 3)).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining(ofThread.map(({ id }) => id)));
      expect(await all('/deliveries?status=dead_letter')).toEqual([]);
      const ofPage = await all(`/deliveries?page_id=${shop}&app_id=${inbox}`);
      expect(ofPage.map(({ id }) => id)).toEqual(ofApp.map(({ id }) => id));
      expect(await all('/deliveries?page_id=77')).toEqual([]);
    });

    it('are sent again when that is asked for', async () => {
      const psid = await writes();
      const [{ id }] = await all(`/threads/${shop}/${psid}/deliveries`);
      const answer = await call('POST', `/deliveries/${id}/replay`);
      expect(answer).toMatchObject({ status: 202, body: { id } });
      expect(await expectStatus(202, 'POST', '/deliveries/replay', { app_id: marketing })).toEqual({ requested: 0 });
      await expectProblem('unknown_app', 422, 'POST', '/deliveries/replay', { app_id: '77' });
      const bad = { app_id: marketing, from: 'yesterday' };
      await expectProblem('invalid_request', 400, 'POST', '/deliveries/replay', bad);
    });

    it('are sent again, those that were chosen, or none of them', async () => {
      const psid = await writes();
      const [first, second, third] = (await all(`/threads/${shop}/${psid}/deliveries`)).map(({ id }) => id as string);
      const chosen = { delivery_ids: [third, first] };
      expect(await expectStatus(202, 'POST', '/deliveries/replay', chosen)).toEqual({ requested: 2 });
      const { incarnation } = signalbox.core.configuration.current();
      const one = { delivery_ids: [second, `${incarnation}-1-999999-0`] };
      await expectProblem('delivery_not_found', 404, 'POST', '/deliveries/replay', one);
      await expectProblem('cursor_expired', 410, 'POST', '/deliveries/replay', {
        delivery_ids: [second, 'otherone-1-1-0'],
      });
      expect(await expectStatus(202, 'POST', '/deliveries/replay', { delivery_ids: [second] })).toEqual({
        requested: 1,
      });
      for (const bad of [
        { delivery_ids: [] },
        { delivery_ids: Array(201).fill(first) },
        { ...chosen, app_id: inbox },
      ]) {
        await expectProblem('invalid_request', 400, 'POST', '/deliveries/replay', bad);
      }
    });

    it('have ids that end with the incarnation of the store', async () => {
      const { incarnation } = signalbox.core.configuration.current();
      await expectProblem('delivery_not_found', 404, 'GET', '/deliveries/nonsense');
      await expectProblem('delivery_not_found', 404, 'GET', `/deliveries/${incarnation}-1-999999-0`);
      await expectProblem('delivery_not_found', 404, 'POST', `/deliveries/${incarnation}-300-1-0/replay`);
      await expectProblem('cursor_expired', 410, 'GET', '/deliveries/otherone-1-1-0');
    });
  });

  describe('the feed', () => {
    const page = (after: string, limit = 100) =>
      expectStatus(200, 'GET', `/feed?limit=${limit}&after=${encodeURIComponent(after)}`);

    it('tells every change of ownership once, in order per thread', async () => {
      const start = (await page('now')).next_cursor;
      const psids = [await writes(), await writes(), await writes()];
      for (const psid of psids) {
        await act(psid, { type: 'message', text: 'again' });
        await expectStatus(200, 'POST', control(psid), { action: 'pass', app_id: marketing });
        await expectStatus(200, 'POST', control(psid), { action: 'release' });
      }
      const changes: any[] = [];
      for (let cursor = start, more = true; more;) {
        const read: any = await page(cursor, 2);
        changes.push(...read.data);
        cursor = read.next_cursor;
        more = read.has_more;
      }
      for (const psid of psids) {
        const own = changes.filter((change) => change.psid === psid);
        expect(own.map((change) => [change.state_before, change.state, change.owner_app_id, change.version])).toEqual([
          ['released', 'default-owned', support, 1],
          ['default-owned', 'passed', marketing, 2],
          ['passed', 'released', null, 3],
        ]);
      }
      expect(changes).toHaveLength(9);
    });

    it('goes on as server-sent events, and from the last one after a break', async () => {
      const start = (await page('now')).next_cursor;
      const psid = await writes();
      const read = async (headers: Record<string, string>, count: number) => {
        const response = await fetch(`${signalbox.url}/api/v1/feed?after=${start}`, {
          headers: { authorization: 'Bearer test-admin-token-0123456789', accept: 'text/event-stream', ...headers },
        });
        expect(response.headers.get('content-type')).toContain('text/event-stream');
        let text = '';
        const decoder = new TextDecoder();
        // Leaving the loop closes the connection.
        for await (const chunk of response.body!) {
          text += decoder.decode(chunk as Uint8Array, { stream: true });
          const events = text.split('\n\n').filter((event) => event.includes('data: '));
          if (events.length >= count && text.endsWith('\n\n')) {
            return events.map((event) => ({
              id: /^id: (.*)$/m.exec(event)?.[1] ?? '',
              data: JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? ''),
            }));
          }
        }
        throw new Error('the stream ended');
      };
      const moving = expectStatus(200, 'POST', control(psid), { action: 'pass', app_id: marketing });
      const [first, second] = await read({}, 2);
      await moving;
      expect([first?.data, second?.data]).toMatchObject([
        { psid, owner_app_id: support },
        { psid, owner_app_id: marketing },
      ]);
      const [again] = await read({ 'last-event-id': first?.id ?? '' }, 1);
      expect(again).toEqual(second);
    });

    it('refuses a cursor of another time, and what is none', async () => {
      const foreign = Buffer.concat([Buffer.from('otherone.'), Buffer.alloc(256)]).toString('base64url');
      await expectProblem('cursor_expired', 410, 'GET', `/feed?after=${foreign}`);
      await expectProblem('invalid_request', 400, 'GET', '/feed?after=nonsense');
    });
  });

  it('shows the machine, every state and every refusal of it', async () => {
    const machine = await expectStatus(200, 'GET', '/machine');
    expect(Object.keys(machine.states)).toEqual(['released', 'default-owned', 'marketing-owned', 'passed']);
    expect(machine.states.passed.after.controlWindow).toMatchObject([{ target: 'released' }]);
    expect(JSON.stringify(machine)).toContain('target_is_caller');
  });

  it('exports and erases a person, who is new afterwards', async () => {
    const psid = await writes('my secret is 4711');
    const other = await writes();
    const exported = await expectStatus(200, 'GET', `/pages/${shop}/people/${psid}`);
    expect(JSON.stringify(exported.events)).toContain('4711');
    await expectStatus(204, 'DELETE', `/pages/${shop}/people/${psid}`);
    await expectProblem('thread_not_found', 404, 'GET', `/pages/${shop}/people/${psid}`);
    await expectProblem('thread_not_found', 404, 'GET', `/threads/${shop}/${psid}`);
    await expectProblem('thread_not_found', 404, 'POST', control(psid), { action: 'release' });
    await expectProblem('thread_not_found', 404, 'DELETE', `/pages/${shop}/people/${psid}`);
    const { rows } = await signalbox.core.readPool.query(`select from log where payload like '%4711%'`);
    expect(rows).toEqual([]);

    await act(psid, { type: 'message', text: 'hello again' });
    expect(await thread(psid)).toMatchObject({ version: 1, state: 'default-owned' });
    expect(await all(`/threads/${shop}/${psid}/events`)).toHaveLength(1);
    expect(await thread(other)).toMatchObject({ version: 1 });
  });

  describe('bad input', () => {
    const raw = async (method: string, path: string, body: string | Buffer, type = 'application/json') => {
      const response = await fetch(`${signalbox.url}/api/v1${path}`, {
        method,
        headers: { authorization: 'Bearer test-admin-token-0123456789', 'content-type': type },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      });
      const answer = { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
      check(method, `/api/v1${path}`, answer);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      return answer;
    };

    it.each([
      ['cut off', '{"name": "x"'],
      ['not JSON', 'name=x'],
      ['a prototype', '{"name": "x", "__proto__": {"kind": "inbox"}}'],
      ['another one', '{"name": "x", "constructor": {"prototype": {}}}'],
    ])('answers a body that is %s', async (_, body) => {
      const { status, body: problem } = await raw('PUT', '/apps/601', body);
      expect([status, problem.code]).toEqual([400, 'malformed_body']);
    });

    it.each([
      ['null', 'null'],
      ['an array', '[]'],
      ['a text', '"x"'],
      ['empty', '{}'],
      ['a number for a name', '{"name": 5}'],
      ['an unknown kind', '{"name": "x", "kind": "human"}'],
      ['an unknown member', '{"name": "x", "callback": "http://127.0.0.1/"}'],
      ['NUL in a name', '{"name": "a\\u0000b"}'],
      ['a lone surrogate in a name', '{"name": "a\\ud800b"}'],
      ['a batch beyond the limit', '{"name": "x", "batch_size_max": 101}'],
      ['a fraction', '{"name": "x", "batch_size_max": 1.5}'],
    ])('answers a body that does not fit: %s', async (_, body) => {
      const { status, body: problem } = await raw('PUT', '/apps/601', body);
      expect([status, problem.code]).toEqual([400, 'invalid_request']);
      expect(problem.errors.length).toBeGreaterThan(0);
    });

    it('refuses ids as numbers, which would lose digits', async () => {
      const { body } = await raw('PUT', `/pages/${shop}`, `{"name": "Shop", "default_app_id": ${inbox}}`);
      expect(body).toMatchObject({ code: 'invalid_request', errors: [{ path: 'default_app_id' }] });
    });

    it('answers unknown fields of a subscription with the known ones', async () => {
      const body = { subscribed_fields: ['messages', 'feed'] };
      const problem = await expectProblem('invalid_request', 400, 'PUT', `/pages/${shop}/apps/${support}`, body);
      expect(problem.errors).toEqual([{ path: 'subscribed_fields.1', message: expect.stringContaining('messages') }]);
    });

    it.each(['0', '01', '-1', '1e3', '123456789012345678901', 'abc', '%20', '1%00', '..%2f'])(
      'refuses the id "%s"',
      async (id) => {
        for (const [method, path, body] of [
          ['GET', `/apps/${id}`],
          ['PUT', `/pages/${id}`, { name: 'x' }],
          ['GET', `/threads/${shop}/${id}`],
          ['POST', `/threads/${id}/1/control`, { action: 'release' }],
        ] as const) {
          await expectProblem('invalid_request', 400, method, path, body);
        }
      },
    );

    it.each(['limit=0', 'limit=1001', 'limit=x', 'limit=1&limit=2', 'cursor=nonsense', 'cursor=WzFd', 'page=2'])(
      'refuses ?%s',
      async (query) => {
        for (const path of ['/apps', '/threads', '/deliveries']) {
          await expectProblem('invalid_request', 400, 'GET', `${path}?${query}`);
        }
      },
    );

    it('refuses bodies that are too large, nested too deeply, or no JSON by their label', async () => {
      const large = await raw('PUT', '/apps/601', JSON.stringify({ name: 'x'.repeat(9 * 1024 * 1024) }));
      expect(large.body.code).toBe('body_too_large');
      const deep = `{"receiving_app_id": "${support}", "template": {"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
      const nested = await raw('PUT', `/pages/${shop}/routes/ads/1`, deep);
      expect(nested.body.code).toBe('malformed_body');
      const form = await raw('PUT', '/apps/601', 'name=x', 'application/x-www-form-urlencoded');
      expect(form.body.code).toBe('unsupported_media_type');
      const binary = await raw('PUT', '/apps/601', Buffer.from([0xff, 0xfe, 0x00]));
      expect(binary.body.code).toBe('malformed_body');
      await expectProblem('app_not_found', 404, 'GET', '/apps/601');
    });

    it('answers addresses that lead nowhere', async () => {
      for (const [method, path] of [
        ['GET', '/api/v1/nowhere'],
        ['POST', '/api/v1/apps'],
        ['PATCH', `/api/v1/apps/${support}`],
      ] as const) {
        const answer = await signalbox.api(method, path);
        expect(answer).toMatchObject({ status: 404, body: { code: 'not_found', status: 404 } });
        expect(answer.headers.get('content-type')).toContain('application/problem+json');
      }
    });

    it('says no more of its own faults than the trace id', async () => {
      const client = await signalbox.core.readPool.connect();
      try {
        await client.query('alter table app rename to app_gone');
        const problem = await expectProblem('internal_error', 500, 'GET', '/apps');
        expect(JSON.stringify(problem)).not.toMatch(/app_gone|relation|select|stack/i);
      } finally {
        await client.query('alter table app_gone rename to app');
        client.release();
      }
    });
  });

  it('answers probes and scrapes without a token', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics']) {
      const response = await fetch(`${signalbox.url}${path}`);
      const text = await response.text();
      const body = path === '/metrics' ? text : JSON.parse(text);
      check('GET', path, { status: response.status, headers: response.headers, body });
      expect(response.status).toBe(200);
      if (path === '/metrics') expect(text).toContain('signalbox_events_total{type="user.message",outcome="applied"}');
    }
  });

  it('documents itself, also for people, without the internet', async () => {
    const page = await fetch(`${signalbox.url}/docs`);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).not.toMatch(/(src|href)="https?:/);
    expect((await fetch(`${signalbox.url}/docs/swagger-ui.css`)).status).toBe(200);
  });
});
