import { Injectable } from '@nestjs/common';
import { CallbackVerifier } from '../callback/callback-verifier.js';
import { fieldNameOn, webhookFields, type WebhookField } from '../domain/page.js';
import { ConfigStore } from '../store/config.store.js';
import { callbackUrlOf, type App } from '../store/configuration.js';
import { GraphEndpoints, type AppCall, type GraphRoute } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { selectFields } from './node-fields.js';
import { readChoice, readText } from './parameter-values.js';
import { readSubscribedFields } from './subscribed-fields.js';

/** The kinds of objects an app can subscribe to, each with a callback and fields of its own. */
const objects = ['page', 'instagram'] as const;
const channelOf = { page: 'messenger', instagram: 'instagram' } as const;

/** An app and where it hears of anything: its callback, and the fields it wants from all its pages together. */
@Injectable()
export class SubscriptionsEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'app', verb: 'GET', edge: null, answer: (call) => this.get(call) },
    { node: 'app', verb: 'GET', edge: 'subscriptions', answer: (call) => this.list(asApp(call)) },
    { node: 'app', verb: 'POST', edge: 'subscriptions', answer: (call) => this.subscribe(asApp(call)) },
    { node: 'app', verb: 'DELETE', edge: 'subscriptions', answer: (call) => this.unsubscribe(asApp(call)) },
  ];

  constructor(
    private readonly store: ConfigStore,
    private readonly callbacks: CallbackVerifier,
  ) {
    super();
  }

  private get({ caller: { app }, parameters }: AppCall): object {
    return selectFields(parameters, { name: app.name, link: null, id: app.appId }, ['name'], 'Application');
  }

  /** Only what the app is subscribed to, in the spelling of the object. */
  private list({ caller: { app }, version }: AppCall): object {
    if (app.callbackUrl === null) return { data: [] };
    const subscriptions = objects.map((object) => ({
      object,
      callback_url: callbackUrlOf(app, channelOf[object]),
      active: app.pausedAt === null,
      fields: subscribedTo(app, object).flatMap((field) => {
        const name = fieldNameOn(channelOf[object], field);
        return name === null ? [] : [{ name, version }];
      }),
    }));
    return { data: subscriptions.filter(({ fields }) => fields.length > 0) };
  }

  /** The callback is asked before anything changes. A part that is left out stays as it is. */
  private async subscribe({ caller: { app }, parameters }: AppCall): Promise<object> {
    const object = readChoice(parameters, 'object', 'object', objects);
    if (object === null) throw new GraphError('parameter_required', 'object');
    const channel = channelOf[object];
    const callbackUrl = readText(parameters, 'callback_url', 'callback_url', 2048) ?? callbackUrlOf(app, channel);
    const verifyToken = readText(parameters, 'verify_token', 'verify_token', 1000) ?? app.verifyToken;
    const fields = readSubscribedFields(parameters, 'fields');
    if (callbackUrl === null) throw new GraphError('parameter_required', 'callback_url');
    if (verifyToken === null) throw new GraphError('parameter_required', 'verify_token');
    const verification = await this.callbacks.verify(callbackUrl, verifyToken);
    if (!verification.ok) throw new GraphError('callback_unverified', verification.reason);
    await this.store.subscribeApp(app.appId, {
      callback: { channel, url: callbackUrl },
      verifyToken,
      ...(fields !== null && { subscribedFields: { [channel]: fields } }),
    });
    return { success: true };
  }

  /** Without `fields`, all of them end, and without `object` those of both; the callback is kept, for the next subscription. */
  private async unsubscribe({ caller: { app }, parameters }: AppCall): Promise<object> {
    const asked = readChoice(parameters, 'object', 'object', objects);
    const ended = new Set(readSubscribedFields(parameters, 'fields') ?? webhookFields);
    const left = (object: (typeof objects)[number]) => {
      const fields = subscribedTo(app, object);
      return asked === null || asked === object ? fields.filter((field) => !ended.has(field)) : fields;
    };
    await this.store.subscribeApp(app.appId, {
      subscribedFields: { messenger: left('page'), instagram: left('instagram') },
    });
    return { success: true };
  }
}

function subscribedTo({ subscribedFields }: App, object: (typeof objects)[number]): readonly WebhookField[] {
  return [...(subscribedFields[channelOf[object]] ?? webhookFields)];
}

/** Subscriptions are the app's own affair: a page token speaks for a page. */
function asApp(call: AppCall): AppCall {
  if (call.caller.kind !== 'app') throw new GraphError('permission_missing');
  return call;
}
