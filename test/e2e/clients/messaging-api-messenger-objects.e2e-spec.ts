import { MessengerBatch, MessengerClient } from 'messaging-api-messenger';
import type { AppId, Psid } from '../../../src/domain/ids.js';
import { newPerson, openShop, secretOf, type Shop } from '../../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../../support/signalbox.js';
import { desk, marketing, shop } from '../../support/thread-fixtures.js';

/* What apps keep on a page, and batches, through the client's own methods. */

let signalbox: TestSignalbox;
let world: Shop;
let client: MessengerClient;

beforeAll(async () => {
  signalbox = await startSignalbox();
  world = await openShop(signalbox);
  client = clientOf(desk);
});
afterAll(() => signalbox?.stop());

function clientOf(app: AppId, more: { skipAppSecretProof?: boolean } = {}): MessengerClient {
  return new MessengerClient({
    accessToken: world.tokens.get(app) ?? '',
    appId: app,
    appSecret: secretOf(app),
    origin: signalbox.url,
    ...more,
  });
}

async function customer(): Promise<Psid> {
  const person = newPerson();
  await world.person('messenger', person);
  return person;
}

async function messagesTo(person: Psid): Promise<any[]> {
  const { body } = await signalbox.api('GET', `/api/v1/simulator/pages/${shop}/people/${person}/messages`);
  return body.data.filter(({ from }: any) => from === 'app');
}

const done = { result: 'success' };

describe('the messenger profile', () => {
  const menu = [
    { type: 'postback' as const, title: 'Restart', payload: 'RESTART' },
    { type: 'web_url' as const, title: 'Shop', url: 'https://shop.example/' },
  ];

  it('setGetStarted, getGetStarted, deleteGetStarted', async () => {
    expect(await client.getGetStarted()).toBeNull();
    expect(await client.setGetStarted('BEGIN')).toEqual(done);
    expect(await client.getGetStarted()).toEqual({ payload: 'BEGIN' });
    expect(await client.deleteGetStarted()).toEqual(done);
    expect(await client.getGetStarted()).toBeNull();
  });

  it('setPersistentMenu, getPersistentMenu, deletePersistentMenu', async () => {
    await expect(client.setPersistentMenu(menu)).rejects.toThrow(
      '(#100) You must set a Get Started button if you also wish to use persistent menu',
    );
    await client.setGetStarted('BEGIN');
    expect(await client.setPersistentMenu(menu)).toEqual(done);
    expect(await client.getPersistentMenu()).toEqual([
      { locale: 'default', composerInputDisabled: false, callToActions: menu },
    ]);
    expect(await client.deletePersistentMenu()).toEqual(done);
    expect(await client.getPersistentMenu()).toBeNull();
  });

  it('setUserPersistentMenu, getUserPersistentMenu, deleteUserPersistentMenu', async () => {
    const [person, other] = [await customer(), await customer()];
    const menuOf = async (one: Psid) =>
      (await signalbox.api('GET', `/api/v1/simulator/pages/${shop}/people/${one}/profile`)).body.persistent_menu;
    await client.setGetStarted('BEGIN');
    await client.setPersistentMenu(menu);
    expect(await client.getUserPersistentMenu(person)).toBeUndefined(); // only the page's is answered
    const own = [{ type: 'postback' as const, title: 'My order', payload: 'MY_ORDER' }];
    expect(await client.setUserPersistentMenu(person, own)).toEqual(done);
    expect(await client.getUserPersistentMenu(person)).toEqual([
      { locale: 'default', composerInputDisabled: false, callToActions: own },
    ]);
    expect(await menuOf(person)).toEqual([{ app_id: desk, title: 'My order', payload: 'MY_ORDER' }]);
    expect(await menuOf(other)).toEqual([{ app_id: desk, title: 'Restart', payload: 'RESTART' }]);
    expect(await client.deleteUserPersistentMenu(person)).toEqual(done);
    expect(await menuOf(person)).toEqual(await menuOf(other));
    await client.deletePersistentMenu();
    expect(await client.getUserPersistentMenu(person)).toBeNull();
    await client.deleteGetStarted();
    await expect(client.setUserPersistentMenu(person, own)).rejects.toThrow('You must set a Get Started button');
  });

  it('setGreeting, getGreeting, deleteGreeting', async () => {
    expect(await client.setGreeting('Hello!')).toEqual(done);
    expect(await client.getGreeting()).toEqual([{ locale: 'default', text: 'Hello!' }]);
    expect(await client.deleteGreeting()).toEqual(done);
    expect(await client.getGreeting()).toBeNull();
  });

  it('setIceBreakers, getIceBreakers, deleteIceBreakers', async () => {
    const questions = [{ question: 'Where are you?', payload: 'WHERE' }];
    expect(await client.setIceBreakers(questions)).toEqual(done);
    expect(await client.getIceBreakers()).toEqual(questions);
    expect(await client.deleteIceBreakers()).toEqual(done);
    expect(await client.getIceBreakers()).toBeNull();
  });

  it('setWhitelistedDomains, getWhitelistedDomains, deleteWhitelistedDomains', async () => {
    const domains = ['https://shop.example', 'https://other.example'];
    expect(await client.setWhitelistedDomains(domains)).toEqual(done);
    expect(await client.getWhitelistedDomains()).toEqual(domains);
    expect(await client.deleteWhitelistedDomains()).toEqual(done);
    expect(await client.getWhitelistedDomains()).toBeNull();
  });

  it('setAccountLinkingURL, getAccountLinkingURL, deleteAccountLinkingURL', async () => {
    expect(await client.setAccountLinkingURL('https://shop.example/link')).toEqual(done);
    expect(await client.getAccountLinkingURL()).toBe('https://shop.example/link');
    expect(await client.deleteAccountLinkingURL()).toEqual(done);
  });

  it('setMessengerProfile, getMessengerProfile, deleteMessengerProfile', async () => {
    expect(await client.setMessengerProfile({ getStarted: { payload: 'BEGIN' } })).toEqual(done);
    expect(await client.getMessengerProfile(['get_started', 'greeting'])).toEqual([
      { getStarted: { payload: 'BEGIN' } },
    ]);
    expect(await client.deleteMessengerProfile(['get_started', 'greeting'])).toEqual(done);
    expect(await client.getMessengerProfile(['get_started'])).toEqual([]);
  });
});

it('createPersona, getPersona, getPersonas, getAllPersonas, deletePersona; and sendText with one', async () => {
  const ada = { name: 'Ada', profilePictureUrl: 'https://cdn.example/ada.png' };
  const { id } = await client.createPersona(ada);
  await client.createPersona({ ...ada, name: 'Grace' });
  expect(await client.getPersona(id)).toEqual({ ...ada, id });
  expect((await client.getPersonas()).data).toHaveLength(2);
  expect((await client.getAllPersonas()).map(({ name }: any) => name).toSorted()).toEqual(['Ada', 'Grace']);
  const person = await customer();
  await client.sendText(person, 'It is me', { personaId: id });
  expect(await messagesTo(person)).toMatchObject([{ text: 'It is me', persona_id: id }]);
  expect(await client.deletePersona(id)).toEqual({ success: true });
  expect(await client.getAllPersonas()).toHaveLength(1);
});

describe('attachments', () => {
  const url = 'https://cdn.example/shoe.png';
  const bytes = Buffer.from('89504e470d0a1a0a', 'hex');

  it('uploadImage, uploadAudio, uploadVideo and uploadFile by address; sendImage by id', async () => {
    const person = await customer();
    const { attachmentId } = await client.uploadImage(url, { isReusable: true });
    await client.sendImage(person, { attachmentId });
    expect(await messagesTo(person)).toMatchObject([{ attachments: [{ type: 'image', payload: { url } }] }]);
    for (const upload of ['uploadAudio', 'uploadVideo', 'uploadFile'] as const) {
      expect(await client[upload](url)).toEqual({ attachmentId: expect.stringMatching(/^\d+$/) });
    }
  });

  it('uploadImage and sendImage with a file', async () => {
    const person = await customer();
    const { attachmentId } = await client.uploadAttachment('image', bytes, { filename: 'a.png', isReusable: true });
    await client.sendImage(person, { attachmentId });
    await client.sendImage(person, bytes, { filename: 'b.png' } as object);
    for (const { attachments } of await messagesTo(person)) {
      const file = await fetch(attachments[0].payload.url);
      expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
    }
  });
});

it('createLabel, associateLabel, getAssociatedLabels, getLabelDetails, getLabelList, dissociateLabel, deleteLabel', async () => {
  const person = await customer();
  const created = await client.createLabel('vip');
  const id = Number(created.id); // as the client has it
  expect(await client.associateLabel(person, id)).toEqual({ success: true });
  expect((await client.getAssociatedLabels(person)).data).toEqual([{ name: 'vip', id: created.id }]);
  expect(await client.getLabelDetails(id, { fields: ['id', 'name'] })).toEqual({ name: 'vip', id: created.id });
  expect((await client.getLabelList()).data).toEqual([{ name: 'vip', id: created.id }]);
  expect(await client.dissociateLabel(person, id)).toEqual({ success: true });
  expect((await client.getAssociatedLabels(person)).data).toEqual([]);
  expect(await client.deleteLabel(id)).toEqual({ success: true });
});

describe('sendBatch', () => {
  it('sends in order, and answers each', async () => {
    const person = await customer();
    const answers = await client.sendBatch([
      MessengerBatch.sendText(person, 'one'),
      MessengerBatch.sendButtonTemplate(person, 'two', [{ type: 'postback', title: 'Yes', payload: 'YES' }]),
      MessengerBatch.typingOn(person),
      MessengerBatch.getUserProfile(person),
      MessengerBatch.getThreadOwner(person),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([200, 200, 200, 200, 200]);
    expect(answers[0]?.body).toEqual({ recipientId: person, messageId: expect.stringMatching(/^m_/) });
    expect(answers[3]?.body).toMatchObject({ firstName: 'Person', id: person });
    expect(answers[4]?.body).toMatchObject({ appId: desk });
    expect(await messagesTo(person)).toMatchObject([{ text: 'one' }, { buttons: [{ title: 'Yes' }] }]);
  });

  it('with dependencies, other tokens and without headers', async () => {
    const person = await customer();
    // The client proves every token with its own app's secret, so another app's would be refused with a proof.
    const answers = await clientOf(desk, { skipAppSecretProof: true }).sendBatch(
      [
        MessengerBatch.sendText(person, 'second', { dependsOn: 'first' }),
        MessengerBatch.sendText(person, 'first', { name: 'first' }),
        MessengerBatch.sendText(person, 'no', { accessToken: world.tokens.get(marketing) ?? '' } as object),
      ],
      { includeHeaders: false },
    );
    expect(answers).toMatchObject([{ code: 200 }, { code: 200 }, { code: 400, body: { error: { code: 10 } } }]);
    expect(answers[0]).not.toHaveProperty('headers');
    expect(await messagesTo(person)).toMatchObject([{ text: 'first' }, { text: 'second' }]);
  });

  it('with a token and a proof of its own', async () => {
    const person = await customer();
    const accessToken = world.tokens.get(desk) ?? '';
    const answers = await client.sendBatch([MessengerBatch.sendText(person, 'mine', { accessToken } as object)]);
    expect(answers).toMatchObject([{ code: 200 }]);
  });
});
