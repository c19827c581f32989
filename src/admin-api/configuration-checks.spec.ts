import { appId, instagramId, pageId } from '../domain/ids.js';
import { webhookFields, type Connection, type Page } from '../domain/page.js';
import type { App } from '../store/configuration.js';
import { checkCodes, checkConfiguration, type CheckedPage } from './configuration-checks.js';

const bot = appId('2100000000000011');
const desk = appId('2200000000000022');
const gone = appId('2300000000000033');

function connection(id = bot, more: Partial<Connection> = {}): Connection {
  return {
    appId: id,
    appName: id === bot ? 'Bot' : 'Desk',
    kind: id === bot ? 'bot' : 'inbox',
    subscribedFields: new Set(webhookFields),
    standby: { messenger: true, instagram: true },
    canTakeControl: false,
    ...more,
  } as Connection;
}

function app(id = bot, more: Partial<App> = {}): App {
  return { appId: id, name: id === bot ? 'Bot' : 'Desk', callbackUrl: 'https://bot.example/', ...more } as App;
}

const routed = { defaultAppId: bot, socialAppId: null };

function checked(page: Partial<Page> = {}, more: Partial<CheckedPage> = {}): CheckedPage {
  return {
    page: {
      pageId: pageId('104700000000001'),
      name: 'Shop',
      instagramId: instagramId('17841400000000001'),
      routing: { messenger: routed, instagram: routed },
      connections: new Map([connection(), connection(desk)].map((each) => [each.appId, each])),
      adRoutes: new Map(),
      linkRoutes: new Map(),
      outsideReplies: 'inbox_takes',
      ...page,
    },
    apps: new Map([app(), app(desk)].map((each) => [each.appId, each])),
    failing: new Map(),
    gateway: false,
    hasPlatformToken: false,
    ...more,
  };
}
const connected = (...all: Connection[]) => ({ connections: new Map(all.map((each) => [each.appId, each])) });

it('finds nothing wrong with a page that is as it should be', () => {
  expect(checkConfiguration(checked())).toEqual([]);
});

const cases: Record<(typeof checkCodes)[number], [CheckedPage, object]> = {
  no_apps: [checked(connected()), { severity: 'error' }],
  no_default_app: [
    checked({ routing: { messenger: { defaultAppId: null, socialAppId: null }, instagram: routed } }),
    { severity: 'warning', channel: 'messenger' },
  ],
  default_app_not_connected: [
    checked({ routing: { messenger: routed, instagram: { defaultAppId: gone, socialAppId: null } } }),
    { severity: 'error', channel: 'instagram', appId: gone },
  ],
  social_app_not_connected: [
    checked({ routing: { messenger: { defaultAppId: bot, socialAppId: gone }, instagram: routed } }),
    { severity: 'error', channel: 'messenger', appId: gone },
  ],
  route_to_app_not_connected: [
    checked({ linkRoutes: new Map([['spring', gone]]) }),
    { severity: 'error', appId: gone, message: expect.stringContaining('The link "spring"') },
  ],
  platform_token_missing: [checked({}, { gateway: true }), { severity: 'error' }],
  no_callback: [
    checked({}, { apps: new Map([app(bot, { callbackUrl: null }), app(desk)].map((each) => [each.appId, each])) }),
    { severity: 'error', appId: bot },
  ],
  deliveries_fail: [
    checked({}, { failing: new Map([[bot, 'answered 500']]) }),
    { severity: 'error', appId: bot, message: expect.stringContaining('answered 500') },
  ],
  fields_missing: [
    checked(connected(connection(bot, { subscribedFields: new Set(['messages', 'standby']) }), connection(desk))),
    { severity: 'warning', fields: ['messaging_postbacks', 'messaging_referrals', 'messaging_handovers'] },
  ],
  standby_off: [
    checked(connected(connection(bot, { standby: { messenger: true, instagram: false } }), connection(desk))),
    { severity: 'info', channel: 'instagram', appId: bot },
  ],
  bot_takes_control: [
    checked(connected(connection(bot, { canTakeControl: true }), connection(desk))),
    { severity: 'info', appId: bot },
  ],
  no_inbox: [checked(connected(connection())), { severity: 'info' }],
};

it.each(checkCodes)('tells of %s, alone', (code) => {
  const [page, expected] = cases[code];
  const found = checkConfiguration(page);
  expect(found.filter((each) => each.code === code)).toEqual([expect.objectContaining(expected)]);
  // A page without apps has neither their routing nor an inbox: that says less.
  if (code !== 'no_apps') expect(found).toHaveLength(1);
  for (const { message, why, help } of found) for (const text of [message, why, help]) expect(text).toMatch(/\w.*\.$/);
});

it('says nothing of Instagram where the page has no account there', () => {
  const routing = { messenger: routed, instagram: { defaultAppId: null, socialAppId: gone } };
  expect(checkConfiguration(checked({ instagramId: null, routing }))).toEqual([]);
});

it('begins with the worst', () => {
  const found = checkConfiguration(checked(connected(connection(bot, { canTakeControl: true })), { gateway: true }));
  expect(found.map(({ severity }) => severity)).toEqual(['error', 'info', 'info']);
});
