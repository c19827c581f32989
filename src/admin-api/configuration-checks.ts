import type { AppId } from '../domain/ids.js';
import { channels, type Channel, type Connection, type Page, type WebhookField } from '../domain/page.js';
import type { App } from '../store/configuration.js';

export const checkSeverities = ['error', 'warning', 'info'] as const;
export const checkCodes = [
  'no_apps',
  'no_default_app',
  'default_app_not_connected',
  'social_app_not_connected',
  'route_to_app_not_connected',
  'platform_token_missing',
  'no_callback',
  'deliveries_fail',
  'fields_missing',
  'standby_off',
  'bot_takes_control',
  'no_inbox',
] as const;

/** Something about a page's configuration that people should know. */
export interface ConfigurationCheck {
  readonly severity: (typeof checkSeverities)[number];
  readonly code: (typeof checkCodes)[number];
  readonly appId: AppId | null;
  readonly channel: Channel | null;
  /** What is the case. */
  readonly message: string;
  /** Why it matters. */
  readonly why: string;
  /** What helps. */
  readonly help: string;
  /** `fields_missing`: which. */
  readonly fields: readonly WebhookField[];
}

export interface CheckedPage {
  readonly page: Page;
  readonly apps: ReadonlyMap<AppId, App>;
  /** Apps some of whose deliveries wait for another attempt, with the last error. */
  readonly failing: ReadonlyMap<AppId, string>;
  readonly gateway: boolean;
  /** Whether the gateway has the platform's token of the page. */
  readonly hasPlatformToken: boolean;
}

/** What routing needs every app to hear; what else an app subscribes to is its own affair. */
const neededFields: readonly WebhookField[] = [
  'messages',
  'messaging_postbacks',
  'messaging_referrals',
  'messaging_handovers',
  'standby',
];
const channelNames: Readonly<Record<Channel, string>> = { messenger: 'Messenger', instagram: 'Instagram' };

/** What is wrong with a page's configuration, or may be, the worst first. Pure. */
export function checkConfiguration(checked: CheckedPage): ConfigurationCheck[] {
  const found = [
    ...pageChecks(checked),
    ...[...checked.page.connections.values()].flatMap((connection) => appChecks(connection, checked)),
  ];
  return found.sort((a, b) => checkSeverities.indexOf(a.severity) - checkSeverities.indexOf(b.severity));
}

type Told = Pick<ConfigurationCheck, 'severity' | 'code' | 'message' | 'why' | 'help'> & Partial<ConfigurationCheck>;
const check = (told: Told): ConfigurationCheck => ({ appId: null, channel: null, fields: [], ...told });

function pageChecks({ page, apps, gateway, hasPlatformToken }: CheckedPage): ConfigurationCheck[] {
  const nameOf = (appId: AppId) => apps.get(appId)?.name ?? `app ${appId}`;
  const isConnected = (appId: AppId) => page.connections.has(appId);
  const found: ConfigurationCheck[] = [];
  if (page.connections.size === 0) {
    found.push(
      check({
        severity: 'error',
        code: 'no_apps',
        message: 'No app is connected to this page.',
        why: 'Nobody hears what people write.',
        help: 'Connect the apps that are to answer.',
      }),
    );
  }
  for (const channel of channels) {
    if (channel === 'instagram' && page.instagramId === null) continue;
    const { defaultAppId, socialAppId } = page.routing[channel];
    const where = channelNames[channel];
    if (defaultAppId === null && page.connections.size > 0) {
      found.push(
        check({
          severity: 'warning',
          code: 'no_default_app',
          channel,
          message: `There is no default app on ${where}.`,
          why: 'What no ad or link routes goes to every app at once, all of them may answer, and no app can pass without naming a target.',
          help: 'Set the app that answers everything else as the default app.',
        }),
      );
    } else if (defaultAppId !== null && !isConnected(defaultAppId)) {
      found.push(
        check({
          severity: 'error',
          code: 'default_app_not_connected',
          channel,
          appId: defaultAppId,
          message: `The default app on ${where}, ${nameOf(defaultAppId)}, is not connected.`,
          why: 'The page is routed as if it had no default app.',
          help: 'Connect it again, or set another default app.',
        }),
      );
    }
    if (socialAppId !== null && !isConnected(socialAppId)) {
      found.push(
        check({
          severity: 'error',
          code: 'social_app_not_connected',
          channel,
          appId: socialAppId,
          message: `The social-routing app on ${where}, ${nameOf(socialAppId)}, is not connected.`,
          why: 'Get Started and threads after 24 hours of silence go to the default app instead.',
          help: 'Connect it again, or choose another app.',
        }),
      );
    }
  }
  const routes = [
    ...[...page.adRoutes.values()].map(({ adId, receivingAppId }) => ({
      what: `The ad ${adId}`,
      appId: receivingAppId,
    })),
    ...[...page.linkRoutes].map(([ref, appId]) => ({ what: `The link "${ref}"`, appId })),
  ];
  for (const { what, appId } of routes.filter((route) => !isConnected(route.appId))) {
    found.push(
      check({
        severity: 'error',
        code: 'route_to_app_not_connected',
        appId,
        message: `${what} routes to ${nameOf(appId)}, which is not connected.`,
        why: 'The route is skipped: whoever comes that way gets the default app.',
        help: 'Connect the app, or route to another one.',
      }),
    );
  }
  if (gateway && !hasPlatformToken) {
    found.push(
      check({
        severity: 'error',
        code: 'platform_token_missing',
        message: 'The platform’s page access token is missing.',
        why: 'Nothing that apps send can be passed on.',
        help: 'Set meta.page_access_token of the page.',
      }),
    );
  }
  if (page.connections.size > 0 && ![...page.connections.values()].some(({ kind }) => kind === 'inbox')) {
    found.push(
      check({
        severity: 'info',
        code: 'no_inbox',
        message: 'No inbox is connected.',
        why: 'Nobody can step in when a bot is at its end, and answers past Signalbox belong to nobody.',
        help: 'Connect an app of the kind "inbox".',
      }),
    );
  }
  return found;
}

function appChecks(connection: Connection, { page, apps, failing }: CheckedPage): ConfigurationCheck[] {
  const { appId, appName, kind, subscribedFields, standby, canTakeControl } = connection;
  const app = apps.get(appId);
  const found: ConfigurationCheck[] = [];
  if (app?.callbackUrl === null && kind === 'bot') {
    found.push(
      check({
        severity: 'error',
        code: 'no_callback',
        appId,
        message: `${appName} has no callback.`,
        why: 'Nothing is posted to it and nothing waits for it: what is for it counts as delivered, and is in the feed only.',
        help: 'Set the address of its webhook; what happens from then on is posted there.',
      }),
    );
  }
  const error = failing.get(appId);
  if (error !== undefined) {
    found.push(
      check({
        severity: 'error',
        code: 'deliveries_fail',
        appId,
        message: `${appName} does not take what it is sent: ${error}.`,
        why: 'Its people wait for an answer, and what comes due is given up.',
        help: 'Look at its deliveries; they go on by themselves once it answers.',
      }),
    );
  }
  const missing = neededFields.filter((field) => !subscribedFields.has(field));
  if (missing.length > 0 && kind === 'bot') {
    found.push(
      check({
        severity: 'warning',
        code: 'fields_missing',
        appId,
        fields: missing,
        message: `${appName} is not subscribed to ${missing.join(', ')}.`,
        why: 'It does not learn of these events, not even when it gets or loses a thread.',
        help: 'Subscribe it to them, unless it can do without.',
      }),
    );
  }
  for (const channel of channels) {
    if (channel === 'instagram' && page.instagramId === null) continue;
    if (standby[channel] || !subscribedFields.has('standby')) continue;
    found.push(
      check({
        severity: 'info',
        code: 'standby_off',
        appId,
        channel,
        message: `Standby is off for ${appName} on ${channelNames[channel]}.`,
        why: 'It does not see what is said while another app has the thread.',
        help: 'Turn it on if the app is to know the conversation when it gets it.',
      }),
    );
  }
  if (canTakeControl && kind === 'bot') {
    found.push(
      check({
        severity: 'info',
        code: 'bot_takes_control',
        appId,
        message: `${appName} may take control by sending, and is a bot.`,
        why: 'Whatever it sends takes the thread from the app that has it.',
        help: 'Leave that to apps with humans behind them.',
      }),
    );
  }
  return found;
}
