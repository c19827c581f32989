import { Injectable } from '@nestjs/common';
import type { Page } from '../domain/page.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { GraphEndpoints, type AppCall, type GraphRoute, type PageCall } from './graph-call.js';

const tasks = ['MANAGE', 'MESSAGING', 'MODERATE'];

/**
 * The pages a token opens. There are no users here: a page token opens its own page, and is that page's token; an app
 * token lists the pages the app is connected to, whose tokens nobody can be told, since only their hashes are kept.
 */
@Injectable()
export class AccountsEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'GET', edge: 'accounts', answer: (call) => this.ofPage(call) },
    { node: 'app', verb: 'GET', edge: 'accounts', answer: (call) => this.ofApp(call) },
  ];

  constructor(private readonly configuration: ConfigurationCache) {
    super();
  }

  private ofPage({ caller: { page, accessToken } }: PageCall): object {
    return { data: [{ access_token: accessToken, ...accountOf(page) }] };
  }

  private ofApp({ caller: { app } }: AppCall): object {
    const pages = [...this.configuration.current().pages.values()];
    return { data: pages.filter(({ connections }) => connections.has(app.appId)).map(accountOf) };
  }
}

function accountOf({ pageId, name }: Page): object {
  return { category: 'Business', name, id: pageId, tasks };
}
