import type { MetaForwarder } from '../channels/meta/meta-forwarder.js';
import { psid } from '../domain/ids.js';
import { GraphEndpoints, type GraphRoute, type ObjectCall, type PageCall, type PersonCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import type { PersonThreads } from './person-threads.js';

/** Where a page lists what it keeps under ids that look like people's. */
const ownLists = ['personas', 'custom_labels'] as const;
/** How far such a list is looked through. */
const listPagesMax = 20;

/** Parameters by which a call may name other objects than its path does. */
const leadElsewhere: ReadonlySet<string> = new Set(['batch', 'id', 'ids']);

/**
 * What the platform answers itself behind a gateway: the calls of other endpoints, sent on with the page's own token. That
 * token opens more of the page than its conversations, so nothing is sent on but what those endpoints are about: people
 * who have been in touch, and the page's personas and labels.
 */
export class ForwardedEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[];

  constructor(
    private readonly forwarder: MetaForwarder,
    private readonly threads: PersonThreads,
    replaced: readonly GraphEndpoints[],
  ) {
    super();
    this.routes = replaced.flatMap(({ routes }) => routes).flatMap((route) => this.#forwarded(route));
  }

  #forwarded({ node, verb, edge }: GraphRoute): GraphRoute[] {
    switch (node) {
      case 'page':
        return [{ node, verb, edge, answer: (call) => this.#forward(call, verb, [addressed(call), edge]) }];
      case 'person':
      case 'persona':
      case 'label':
        // Ids of personas and labels are the platform's, and look like those of people.
        return [{ node: 'person', verb, edge, answer: (call) => this.#forwardObject(call, verb, edge) }];
      case 'conversation':
      case 'message':
        // On Instagram the ids of both begin alike.
        return (['conversation', 'message'] as const).map((kind) => ({
          node: kind,
          verb,
          edge,
          answer: (call) => this.#forward(call, verb, [call.objectId, edge]),
        }));
      default:
        throw new Error(`${verb} ${node}/${edge} is Signalbox’s own affair`);
    }
  }

  async #forwardObject(call: PersonCall, verb: GraphRoute['verb'], edge: string | null): Promise<object> {
    const { caller, personId } = call;
    const isPerson = (await this.threads.find({ caller, onlyChannel: null }, psid(personId))) !== null;
    const isKnown = isPerson ? verb === 'GET' : await this.#isListed(call);
    if (!isKnown) throw new GraphError('unsupported_request', verb, personId);
    return this.#forward(call, verb, [personId, edge]);
  }

  async #isListed({ caller, personId, baseUrl }: PersonCall): Promise<boolean> {
    const app = { accessToken: caller.accessToken, baseUrl };
    for (const list of ownLists) {
      let after: string | undefined;
      for (let pages = 0; pages < listPagesMax; pages++) {
        const parameters = { fields: 'id', limit: '100', after };
        const path = [caller.page.pageId, list];
        const { body } = await this.forwarder.forward(caller.page, { method: 'GET', path, parameters }, app);
        const { data = [], paging } = body as ObjectList;
        if (data.some(({ id }) => id === personId)) return true;
        after = paging?.next === undefined ? undefined : paging.cursors?.after;
        if (after === undefined) break;
      }
    }
    return false;
  }

  async #forward(
    call: PageCall | PersonCall | ObjectCall,
    method: GraphRoute['verb'],
    path: readonly (string | null)[],
  ): Promise<object> {
    const { caller, files, baseUrl, setHeader } = call;
    const parameters = Object.fromEntries(Object.entries(call.parameters).filter(([name]) => !leadElsewhere.has(name)));
    // Fields may lead from anything to the page, and the page has its token.
    if (/access_token/i.test(JSON.stringify(parameters))) {
      throw new GraphError('invalid_parameter', 'An access_token cannot be asked for');
    }
    const { body, headers } = await this.forwarder.forward(
      caller.page,
      { method, path: path.filter((segment) => segment !== null), parameters, files },
      { accessToken: caller.accessToken, baseUrl },
    );
    for (const [name, value] of Object.entries(headers)) setHeader(name, value);
    return body;
  }
}

/** A list as the platform answers it. */
interface ObjectList {
  readonly data?: readonly { readonly id?: unknown }[];
  readonly paging?: { readonly next?: string; readonly cursors?: { readonly after?: string } };
}

/** The page, or its Instagram account if that was addressed. */
function addressed({ caller: { page }, onlyChannel }: PageCall): string {
  return onlyChannel === 'instagram' && page.instagramId !== null ? page.instagramId : page.pageId;
}
