import { Injectable } from '@nestjs/common';
import { ConfigStore } from '../store/config.store.js';
import { GraphEndpoints, type GraphRoute, type PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { selectFields } from './node-fields.js';
import { readSubscribedFields } from './subscribed-fields.js';

/** Which of a page's webhook fields an app hears. */
@Injectable()
export class SubscribedAppsEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'GET', edge: 'subscribed_apps', answer: (call) => this.list(call) },
    { node: 'page', verb: 'POST', edge: 'subscribed_apps', answer: (call) => this.subscribe(call) },
    { node: 'page', verb: 'DELETE', edge: 'subscribed_apps', answer: (call) => this.unsubscribe(call) },
  ];

  constructor(private readonly store: ConfigStore) {
    super();
  }

  /** Apps that hear nothing are connected, but not subscribed. */
  private list({ caller: { page }, parameters }: PageCall): object {
    const subscribed = [...page.connections.values()].filter(({ subscribedFields }) => subscribedFields.size > 0);
    return {
      data: subscribed.map(({ appId, appName, subscribedFields }) =>
        selectFields(
          parameters,
          { category: 'Business', link: null, name: appName, subscribed_fields: [...subscribedFields], id: appId },
          ['category', 'name', 'subscribed_fields'],
          'Application',
        ),
      ),
    };
  }

  private async subscribe({ caller: { page, app }, parameters }: PageCall): Promise<object> {
    const fields = readSubscribedFields(parameters, 'subscribed_fields');
    if (fields === null) throw new GraphError('parameter_required', 'subscribed_fields');
    await this.store.subscribeConnection(page.pageId, app.appId, fields);
    return { success: true };
  }

  private async unsubscribe({ caller: { page, app } }: PageCall): Promise<object> {
    await this.store.subscribeConnection(page.pageId, app.appId, []);
    return { success: true };
  }
}
