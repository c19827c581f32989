import { MessengerClient } from 'messaging-api-messenger';
import { Receiver } from '../../support/receiver.js';
import { Customer } from '../../support/customer.js';
import { openShop, secretOf, type Shop } from '../../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../../support/signalbox.js';
import { ad, desk, inbox, marketing, shop, takeover } from '../../support/thread-fixtures.js';
import type { AppId } from '../../../src/domain/ids.js';

let signalbox: TestSignalbox;
let world: Shop;

beforeAll(async () => {
  signalbox = await startSignalbox();
  world = await openShop(signalbox);
});
afterAll(async () => {
  await signalbox?.stop();
});

/** The client as its users make it, and its option for another server. */
function clientOf(
  app: AppId,
  more: { appSecret?: string; version?: string; skipAppSecretProof?: boolean } = {},
): MessengerClient {
  return new MessengerClient({
    accessToken: world.tokens.get(app) ?? '',
    appId: app,
    appSecret: secretOf(app),
    origin: signalbox.url,
    ...more,
  });
}

/** Somebody who has written: the desk, the default app, owns the thread. */
async function customer(): Promise<Customer> {
  const person = new Customer(signalbox);
  await person.does({ type: 'message', text: 'hello' });
  return person;
}

/** Somebody who came through the ad: marketing owns the thread. */
async function lead(): Promise<Customer> {
  const person = new Customer(signalbox);
  await person.does({ type: 'message', text: 'Is it still on?', ad_id: ad });
  return person;
}

const imageUrl = 'https://cdn.example/shoe.jpg';
const postback = { type: 'postback', title: 'Buy', payload: 'BUY' };
const quickReplies = [
  { contentType: 'text' as const, title: 'Red', payload: 'RED' },
  { contentType: 'text' as const, title: 'Blue', payload: 'BLUE', imageUrl },
];
const airport = (airportCode: string, city: string) => ({ airportCode, city });
const flightSchedule = { departureTime: '2026-01-02T19:45', arrivalTime: '2026-01-02T21:20' };
const flight = {
  connectionId: 'c001',
  segmentId: 's001',
  flightNumber: 'KL9123',
  departureAirport: airport('SFO', 'San Francisco'),
  arrivalAirport: airport('SLC', 'Salt Lake City'),
  flightSchedule,
  travelClass: 'business' as const,
};
const airline = { introMessage: 'Have a good flight', locale: 'en_US' };

/** What the echo's only attachment must hold. */
const template = (template_type: string, more: object = {}) => ({
  attachments: [{ type: 'template', payload: { template_type, ...more } }],
});
const media = (type: string) => ({ attachments: [{ type, payload: { url: imageUrl } }] });

type Send = (client: MessengerClient, psid: string) => Promise<{ recipientId: string; messageId: string }>;

describe('sends', () => {
  it.each<[string, Send, object]>([
    ['sendText', (client, psid) => client.sendText(psid, 'hi'), { text: 'hi' }],
    ['sendText to a recipient', (client, id) => client.sendText({ id }, 'hi'), { text: 'hi' }],
    [
      'sendText with messagingType',
      (client, psid) => client.sendText(psid, 'hi', { messagingType: 'RESPONSE' }),
      { text: 'hi' },
    ],
    [
      'sendText with the tag HUMAN_AGENT',
      (client, psid) => client.sendText(psid, 'hi', { tag: 'HUMAN_AGENT' }),
      { text: 'hi' },
    ],
    [
      'sendText with quick replies',
      (client, psid) => client.sendText(psid, 'Which?', { quickReplies }),
      {
        text: 'Which?',
        quick_replies: [
          { content_type: 'text', title: 'Red', payload: 'RED' },
          { content_type: 'text', title: 'Blue', payload: 'BLUE', image_url: imageUrl },
        ],
      },
    ],
    ['sendMessage', (client, psid) => client.sendMessage(psid, { text: 'hi' }), { text: 'hi' }],
    [
      'sendRawBody',
      (client, id) => client.sendRawBody({ recipient: { id }, message: { text: 'hi', metadata: 'order-7' } }),
      { text: 'hi', metadata: 'order-7' },
    ],
    [
      'sendAttachment',
      (client, psid) => client.sendAttachment(psid, { type: 'image', payload: { url: imageUrl } }),
      media('image'),
    ],
    ['sendImage', (client, psid) => client.sendImage(psid, imageUrl), media('image')],
    ['sendAudio', (client, psid) => client.sendAudio(psid, imageUrl), media('audio')],
    ['sendVideo', (client, psid) => client.sendVideo(psid, imageUrl), media('video')],
    ['sendFile', (client, psid) => client.sendFile(psid, imageUrl), media('file')],
    [
      'sendTemplate',
      (client, psid) => client.sendTemplate(psid, { templateType: 'button', text: 'Now?', buttons: [postback] }),
      template('button', { text: 'Now?', buttons: [postback] }),
    ],
    [
      'sendButtonTemplate',
      (client, psid) => client.sendButtonTemplate(psid, 'Now?', [postback]),
      template('button', { text: 'Now?', buttons: [postback] }),
    ],
    [
      'sendGenericTemplate',
      (client, psid) =>
        client.sendGenericTemplate(
          psid,
          [
            {
              title: 'Shoe',
              subtitle: 'Size 42',
              imageUrl,
              defaultAction: { type: 'web_url', url: 'https://shop.example/shoe' },
              buttons: [postback],
            },
          ],
          { imageAspectRatio: 'square' },
        ),
      template('generic', {
        image_aspect_ratio: 'square',
        elements: [
          {
            title: 'Shoe',
            subtitle: 'Size 42',
            image_url: imageUrl,
            default_action: { type: 'web_url', url: 'https://shop.example/shoe' },
            buttons: [postback],
          },
        ],
      }),
    ],
    [
      'sendMediaTemplate',
      (client, psid) => client.sendMediaTemplate(psid, [{ mediaType: 'image', url: imageUrl, buttons: [postback] }]),
      template('media', { elements: [{ media_type: 'image', url: imageUrl, buttons: [postback] }] }),
    ],
    [
      'sendReceiptTemplate',
      (client, psid) =>
        client.sendReceiptTemplate(psid, {
          recipientName: 'Ada',
          orderNumber: '12345',
          currency: 'EUR',
          paymentMethod: 'Visa 2345',
          summary: { totalCost: 56.14 },
        }),
      template('receipt', { order_number: '12345', summary: { total_cost: 56.14 } }),
    ],
    [
      'sendAirlineBoardingPassTemplate',
      (client, psid) =>
        client.sendAirlineBoardingPassTemplate(psid, {
          ...airline,
          boardingPass: [
            {
              passengerName: 'ADA/LOVELACE',
              pnrNumber: 'CG4X7U',
              logoImageUrl: imageUrl,
              qrCode: 'M1ADA/LOVELACE',
              aboveBarCodeImageUrl: imageUrl,
              flightInfo: flight,
            },
          ],
        }),
      template('airline_boardingpass', { boarding_pass: [{ pnr_number: 'CG4X7U' }] }),
    ],
    [
      'sendAirlineCheckinTemplate',
      (client, psid) =>
        client.sendAirlineCheckinTemplate(psid, {
          ...airline,
          checkinUrl: 'https://air.example/checkin',
          flightInfo: [flight],
        }),
      template('airline_checkin', { checkin_url: 'https://air.example/checkin' }),
    ],
    [
      'sendAirlineItineraryTemplate',
      (client, psid) =>
        client.sendAirlineItineraryTemplate(psid, {
          ...airline,
          pnrNumber: 'ABCDEF',
          passengerInfo: [{ passengerId: 'p001', name: 'Ada Lovelace' }],
          flightInfo: [flight],
          passengerSegmentInfo: [{ segmentId: 's001', passengerId: 'p001', seat: '12A', seatType: 'Business' }],
          totalPrice: '14003',
          currency: 'EUR',
        }),
      template('airline_itinerary', { pnr_number: 'ABCDEF', flight_info: [{ flight_number: 'KL9123' }] }),
    ],
    [
      'sendAirlineUpdateTemplate',
      (client, psid) =>
        client.sendAirlineUpdateTemplate(psid, { ...airline, updateType: 'delay', updateFlightInfo: flight }),
      template('airline_update', { update_type: 'delay' }),
    ],
    [
      'sendOneTimeNotifReqTemplate',
      (client, psid) => client.sendOneTimeNotifReqTemplate(psid, { title: 'When it is back', payload: 'BACK' }),
      template('one_time_notif_req', { title: 'When it is back', payload: 'BACK' }),
    ],
  ])('%s', async (_method, send, echoed) => {
    const person = await customer();
    const sent = await send(clientOf(desk), person.psid);
    expect(sent).toEqual({ recipientId: person.psid, messageId: expect.stringMatching(/^m_[\w-]{86}$/) });
    const echo = (await person.events()).at(-1);
    expect(echo).toMatchObject({ type: 'app.send', refusal: null });
    expect(echo.payload.message).toMatchObject({ mid: sent.messageId, is_echo: true, ...echoed });
  });

  it('what the person can tap, and who hears of it', async () => {
    const person = await customer();
    const { messageId } = await clientOf(desk).sendButtonTemplate(person.psid, 'Now?', [postback]);
    expect((await person.messages()).at(-1)).toMatchObject({
      id: messageId,
      app_id: desk,
      buttons: [{ title: 'Buy' }],
    });
    await person.does({ type: 'tap_button', title: 'Buy' });
    expect((await person.events()).at(-1).payload.postback).toMatchObject({ title: 'Buy', payload: 'BUY' });
    await clientOf(desk).sendText(person.psid, 'Which?', { quickReplies });
    await person.does({ type: 'tap_quick_reply', title: 'Blue' });
    const tapped = (await person.events()).at(-1).payload.message;
    expect(tapped).toMatchObject({ text: 'Blue', quick_reply: { payload: 'BLUE' } });
  });

  it('sendSenderAction, markSeen, typingOn and typingOff', async () => {
    const person = await customer();
    const client = clientOf(desk);
    const answer = { recipientId: person.psid };
    expect(await client.sendSenderAction(person.psid, 'typing_on')).toEqual(answer);
    expect(await client.markSeen(person.psid)).toEqual(answer);
    expect(await client.typingOn({ id: person.psid })).toEqual(answer);
    expect(await client.typingOff(person.psid)).toEqual(answer);
  });

  it.each(['2.6', '6.0', '12.0', '25.0'])('with the version %s', async (version) => {
    const person = await customer();
    expect(await clientOf(desk, { version }).sendText(person.psid, 'hi')).toMatchObject({ recipientId: person.psid });
  });

  it('that say who gets the thread', async () => {
    const person = await lead();
    const threadControl = { payload: 'pass_thread_control' };
    await clientOf(marketing).sendRawBody({
      recipient: { id: person.psid },
      message: { text: 'Over to the desk' },
      threadControl,
    });
    expect(await person.thread()).toMatchObject({ state: 'passed', owner_app_id: desk });
  });
});

describe('control', () => {
  it('passThreadControl, and passThreadControlToPageInbox', async () => {
    const person = await lead();
    const passed = await clientOf(marketing).passThreadControl(person.psid, Number(desk), 'asked for a person');
    expect(passed).toEqual({ success: true });
    expect(await person.thread()).toMatchObject({ state: 'passed', owner_app_id: desk });
    expect(await clientOf(desk).passThreadControlToPageInbox(person.psid)).toEqual({ success: true });
    expect(await person.thread()).toMatchObject({ owner_app_id: inbox });
  });

  it('getThreadOwner, for the owner and for the default app', async () => {
    const person = await lead();
    const owner = await clientOf(marketing).getThreadOwner(person.psid);
    expect(owner).toEqual({ appId: marketing, expiration: expect.any(Number) });
    expect(await clientOf(desk).getThreadOwner(person.psid)).toEqual(owner);
  });

  it('getSecondaryReceivers', async () => {
    const receivers = await clientOf(desk).getSecondaryReceivers();
    expect(receivers).toContainEqual({ id: marketing, name: `app ${marketing}` });
    expect(receivers).not.toContainEqual(expect.objectContaining({ id: desk }));
  });

  it('an app that may take control takes it by writing', async () => {
    const person = await lead();
    await clientOf(takeover).sendText(person.psid, 'Let me help');
    expect(await person.thread()).toMatchObject({ owner_app_id: takeover });
  });
});

describe('who is who', () => {
  it('getPageInfo, with fields and without', async () => {
    expect(await clientOf(desk).getPageInfo()).toEqual({ id: shop, name: 'Shop' });
    const answer = await clientOf(desk).getPageInfo({ fields: ['id', 'name'] });
    expect(answer).toEqual({ id: shop, name: 'Shop' });
  });

  it('getUserProfile', async () => {
    const person = await customer();
    const profile = await clientOf(desk).getUserProfile(person.psid);
    expect(profile).toMatchObject({ id: person.psid, firstName: 'Person', lastName: person.psid.slice(-4) });
    expect(await clientOf(desk).getUserProfile(person.psid, { fields: ['id'] })).toEqual({ id: person.psid });
  });

  it('debugToken', async () => {
    expect(await clientOf(desk, { skipAppSecretProof: true }).debugToken()).toMatchObject({
      appId: desk,
      application: `app ${desk}`,
      type: 'PAGE',
      isValid: true,
      expiresAt: 0,
      scopes: expect.arrayContaining(['pages_messaging']),
    });
    // Left to itself the client proves the wrong token, which the platform refuses as well.
    await expect(clientOf(desk).debugToken()).rejects.toThrow('Invalid appsecret_proof');
  });

  it('createSubscription, which asks the callback first, getSubscriptions and getPageSubscription', async () => {
    const receiver = await Receiver.start(secretOf(takeover), 'words to know us by');
    try {
      const client = clientOf(takeover);
      const accessToken = `${takeover}|${secretOf(takeover)}`;
      const asked = { callbackUrl: receiver.url, verifyToken: receiver.verifyToken, accessToken };
      expect(await client.createSubscription(asked)).toEqual({ success: true });
      expect(receiver.handshakes).toBe(1);
      expect((await client.getSubscriptions()).map(({ object }) => object)).toContain('page');
      expect(await client.getPageSubscription()).toMatchObject({ object: 'page', callbackUrl: receiver.url });

      const wrong = client.createSubscription({ ...asked, verifyToken: 'other words' });
      await expect(wrong).rejects.toThrow(/^Messenger API - 2200 OAuthException /);
    } finally {
      await receiver.close();
    }
  });
});

describe('refusals, in the words the client reports', () => {
  it.each<[string, (psid: string) => Promise<unknown>, string]>([
    [
      'another app owns the thread',
      (psid) => clientOf(desk).sendText(psid, 'hi'),
      'Messenger API - 10 OAuthException ' +
        '(#10) Message failed to send because another app is controlling this thread now.',
    ],
    [
      'takeThreadControl is not for routed pages',
      (psid) => clientOf(desk).takeThreadControl(psid),
      'Messenger API - 10 OAuthException (#10) Handover Protocol APIs disabled for this page.',
    ],
    [
      'nor is requestThreadControl',
      (psid) => clientOf(desk).requestThreadControl(psid),
      'Messenger API - 10 OAuthException (#10) Handover Protocol APIs disabled for this page.',
    ],
    [
      'a person nobody knows',
      () => clientOf(desk).sendText('7999999999999999', 'hi'),
      'Messenger API - 100 OAuthException (#100) No matching user found',
    ],
    [
      'the secret of another app',
      (psid) => clientOf(desk, { appSecret: secretOf(marketing) }).sendText(psid, 'hi'),
      'Messenger API - 100 GraphMethodException Invalid appsecret_proof provided in the API argument',
    ],
    [
      'no valid token',
      (psid) => new MessengerClient({ accessToken: 'EAAno', origin: signalbox.url }).sendText(psid, 'hi'),
      'Messenger API - 190 OAuthException Invalid OAuth access token.',
    ],
  ])('%s', async (_what, call, message) => {
    const person = await lead();
    await expect(call(person.psid)).rejects.toThrow(message);
    expect(await person.thread()).toMatchObject({ owner_app_id: marketing });
  });
});
