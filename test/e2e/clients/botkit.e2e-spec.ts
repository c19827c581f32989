import path from 'node:path';
import { Customer } from '../../support/customer.js';
import { Program } from '../../support/program.js';
import { openShop, secretOf, type Shop } from '../../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../../support/signalbox.js';
import { desk, inbox, shop } from '../../support/thread-fixtures.js';

let signalbox: TestSignalbox;
let world: Shop;
let bot: Program;

/** Its Facebook adapter takes a host and speaks HTTPS to it, whatever is said. */
beforeAll(async () => {
  signalbox = await startSignalbox({ TLS: 'generated' });
  world = await openShop(signalbox);
  bot = await Program.start(path.resolve('test/programs/botkit'), ['index.js'], {
    PAGE_TOKEN: world.tokens.get(desk) ?? '',
    APP_SECRET: secretOf(desk),
    VERIFY_TOKEN: 'words to know us by',
    INBOX_APP_ID: inbox,
    API_HOST: new URL(signalbox.url).host,
    NODE_EXTRA_CA_CERTS: signalbox.certificate?.authorityFile ?? '',
  });
  const app = await signalbox.api('PUT', `/api/v1/apps/${desk}`, {
    name: 'Desk',
    callback_url: `http://127.0.0.1:${bot.port}/webhook`,
    app_secret: secretOf(desk),
    verify_token: 'words to know us by',
  });
  expect(app.status).toBe(200);
  // The adapter cannot read copies: bots that use it leave standby alone.
  const connection = await signalbox.api('PUT', `/api/v1/pages/${shop}/apps/${desk}`, {
    subscribed_fields: ['messages', 'messaging_postbacks', 'messaging_handovers'],
  });
  expect(connection.status).toBe(200);
});

afterAll(async () => {
  await bot?.stop();
  await signalbox?.stop();
});

it.each(['messenger', 'instagram'] as const)(
  'a Botkit bot answers, asks, and passes to the inbox, on %s',
  async (channel) => {
    const person = new Customer(signalbox, channel);
    await person.does({ type: 'message', text: 'What colours are there?' });
    const question = await person.hears('Which colour?');
    expect(question).toMatchObject({ app_id: desk, quick_replies: [{ title: 'Red' }, { title: 'Green' }] });
    await person.does({ type: 'tap_quick_reply', title: 'Green' });
    await person.hears('Green it is (GREEN).');

    await person.does({ type: 'message', text: 'menu' });
    const menu = await person.until('the menu', async () =>
      (await person.messages()).find(({ buttons }) => buttons.length === 1),
    );
    expect(menu).toMatchObject({ app_id: desk, buttons: [{ title: 'A person', payload: 'PERSON' }] });
    await person.does({ type: 'tap_button', title: 'A person' });
    await person.belongsTo(inbox);
    expect((await person.events()).at(-1)).toMatchObject({ type: 'control.pass', caller_app_id: desk });
    expect(bot.output).toBe('');
  },
);
