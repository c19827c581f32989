import { Injectable } from '@nestjs/common';
import { defaultAppOf, type Page } from '../domain/page.js';
import { GraphEndpoints, type GraphRoute, type PageCall } from './graph-call.js';
import { selectFields } from './node-fields.js';

/** The page itself, and the apps beside the caller. */
@Injectable()
export class PageEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'GET', edge: null, answer: (call) => this.get(call) },
    { node: 'page', verb: 'GET', edge: 'secondary_receivers', answer: (call) => this.listReceivers(call) },
  ];

  private get({ caller: { page, accessToken }, onlyChannel, parameters }: PageCall): object {
    const messaging_feature_status = messagingFeatureStatus(page);
    if (onlyChannel === 'instagram' && page.instagramId !== null) {
      const account = { name: page.name, username: null, messaging_feature_status, id: page.instagramId };
      return selectFields(parameters, account, ['name'], 'IGUser');
    }
    return selectFields(
      parameters,
      {
        name: page.name,
        category: 'Business',
        link: `https://www.facebook.com/${page.pageId}`,
        username: null,
        picture: null,
        instagram_business_account: page.instagramId === null ? null : { id: page.instagramId },
        messaging_feature_status,
        access_token: accessToken,
        id: page.pageId,
      },
      ['name'],
      'Page',
    );
  }

  /** Every connected app but the caller: with routing there is no primary receiver to whom the others are secondary. */
  private listReceivers({ caller: { page, app }, parameters }: PageCall): object {
    const others = [...page.connections.values()].filter(({ appId }) => appId !== app.appId);
    return {
      data: others.map(({ appId, appName }) =>
        selectFields(parameters, { name: appName, id: appId }, ['name'], 'Application'),
      ),
    };
  }
}

/** Whether conversations are routed, by channel: they are once the channel has a default app. */
export function messagingFeatureStatus(page: Page): object {
  const msgr_multi_app = defaultAppOf(page, 'messenger') !== null;
  const ig_multi_app = page.instagramId !== null && defaultAppOf(page, 'instagram') !== null;
  return { hop_v2: !msgr_multi_app && !ig_multi_app, msgr_multi_app, ig_multi_app };
}
