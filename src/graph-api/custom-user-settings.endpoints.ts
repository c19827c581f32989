import { Injectable } from '@nestjs/common';
import { isGraphId, psid, type ThreadKey } from '../domain/ids.js';
import { parseJson, toWireJson } from '../domain/wire-json.js';
import { MessengerProfileStore } from '../store/messenger-profile.store.js';
import { GraphEndpoints, type GraphRoute, type PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { checkProfile, readPersistentMenu } from './messenger-profile.js';
import { readNames, readText } from './parameter-values.js';
import { PersonThreads } from './person-threads.js';

const menu = 'persistent_menu';

/** The menu that one person sees, instead of the app's menu for everybody. */
@Injectable()
export class CustomUserSettingsEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'GET', edge: 'custom_user_settings', answer: (call) => this.get(call) },
    { node: 'page', verb: 'POST', edge: 'custom_user_settings', answer: (call) => this.set(call) },
    { node: 'page', verb: 'DELETE', edge: 'custom_user_settings', answer: (call) => this.delete(call) },
  ];

  constructor(
    private readonly profiles: MessengerProfileStore,
    private readonly threads: PersonThreads,
  ) {
    super();
  }

  private async get(call: PageCall): Promise<object> {
    const thread = await this.personOf(call);
    const isOwn = ({ appId }: { appId: string }) => appId === call.caller.app.appId;
    const ofPerson = (await this.profiles.listPersonMenus(thread)).find(isOwn);
    const properties = await this.profiles.list(thread.pageId, 'messenger');
    const ofPage = properties.find((property) => isOwn(property) && property.property === menu);
    if (ofPerson === undefined && ofPage === undefined) return { data: [] };
    return {
      data: [
        {
          ...(ofPerson !== undefined && { user_level_persistent_menu: parseJson(ofPerson.value) }),
          ...(ofPage !== undefined && { page_level_persistent_menu: parseJson(ofPage.value) }),
        },
      ],
    };
  }

  private async set(call: PageCall): Promise<object> {
    const thread = await this.personOf(call);
    const { app } = call.caller;
    const value = readPersistentMenu(call.parameters, menu);
    if (value === null) throw new GraphError('parameter_required', menu);
    const properties = await this.profiles.list(thread.pageId, 'messenger');
    const names = properties.filter(({ appId }) => appId === app.appId).map(({ property }) => property);
    checkProfile(new Set([...names, menu]), 'messenger');
    await this.profiles.setPersonMenu(thread, app.appId, toWireJson(value));
    return { result: 'success' };
  }

  private async delete(call: PageCall): Promise<object> {
    const thread = await this.personOf(call);
    const names = readNames(call.parameters, 'params');
    if (names === null) throw new GraphError('parameter_required', 'params');
    const unknown = names.find((name) => name !== menu);
    if (unknown !== undefined) {
      throw new GraphError('invalid_parameter', `Param params[0] must be one of {${menu}} - got "${unknown}"`);
    }
    await this.profiles.setPersonMenu(thread, call.caller.app.appId, null);
    return { result: 'success' };
  }

  private async personOf(call: PageCall): Promise<ThreadKey> {
    const digits = readText(call.parameters, 'psid', 'psid', 100);
    if (digits === null) throw new GraphError('parameter_required', 'psid');
    if (!isGraphId(digits)) {
      throw new GraphError('invalid_parameter', 'Param psid must be a valid ID string (e.g., "123")');
    }
    return this.threads.get(call, psid(digits));
  }
}
