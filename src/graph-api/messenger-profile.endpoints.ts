import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { parseJson, toWireJson } from '../domain/wire-json.js';
import { MessengerProfileStore } from '../store/messenger-profile.store.js';
import { GraphEndpoints, type GraphRoute, type PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { checkProfile, readProfile, readProfileNames } from './messenger-profile.js';
import { readPlatform } from './platform.js';
import { RateLimits } from './rate-limits.js';

/** What an app shows around its conversations. Each app has a profile of its own on each channel of a page. */
@Injectable()
export class MessengerProfileEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'GET', edge: 'messenger_profile', answer: (call) => this.get(call) },
    { node: 'page', verb: 'POST', edge: 'messenger_profile', answer: (call) => this.set(call) },
    { node: 'page', verb: 'DELETE', edge: 'messenger_profile', answer: (call) => this.delete(call) },
  ];

  constructor(
    private readonly profiles: MessengerProfileStore,
    private readonly clock: Clock,
    private readonly limits: RateLimits,
  ) {
    super();
  }

  /** What is not set is left out; if nothing is, there is no profile at all. */
  private async get(call: PageCall): Promise<object> {
    this.limits.count(call.caller.page.pageId, 'profile');
    const channel = readPlatform(call);
    const { page, app } = call.caller;
    const asked = readProfileNames(call.parameters, channel);
    const properties = (await this.profiles.list(page.pageId, channel)).filter(
      ({ appId, property }) =>
        appId === app.appId && (asked === null || asked.some((candidate) => candidate === property)),
    );
    const profile = Object.fromEntries(properties.map(({ property, value }) => [property, parseJson(value)]));
    return { data: properties.length === 0 ? [] : [profile] };
  }

  private async set(call: PageCall): Promise<object> {
    this.limits.count(call.caller.page.pageId, 'profile');
    const channel = readPlatform(call);
    const { page, app } = call.caller;
    const properties = readProfile(call.parameters, channel);
    const values = new Map([...properties].map(([name, value]) => [name, toWireJson(value)]));
    await this.profiles.set(page.pageId, app.appId, channel, values, this.clock.now(), (set) =>
      checkProfile(set, channel),
    );
    return { result: 'success' };
  }

  private async delete(call: PageCall): Promise<object> {
    this.limits.count(call.caller.page.pageId, 'profile');
    const channel = readPlatform(call);
    const { page, app } = call.caller;
    const names = readProfileNames(call.parameters, channel);
    if (names === null) throw new GraphError('parameter_required', 'fields');
    await this.profiles.delete(page.pageId, app.appId, channel, names, (set) => checkProfile(set, channel));
    return { result: 'success' };
  }
}
