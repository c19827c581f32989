import type { MetaForwarder } from '../channels/meta/meta-forwarder.js';
import { GraphEndpoints, type GraphRoute, type ObjectCall, type PageCall, type PersonCall } from './graph-call.js';
import { GraphError } from './graph-error.js';

/**
 * What the platform answers itself behind a gateway: the calls of other endpoints, sent on. Ids of personas and labels are
 * the platform's there, and look like those of people.
 */
export class ForwardedEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[];

  constructor(
    private readonly forwarder: MetaForwarder,
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
        return [{ node: 'person', verb, edge, answer: (call) => this.#forward(call, verb, [call.personId, edge]) }];
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

  async #forward(
    call: PageCall | PersonCall | ObjectCall,
    method: GraphRoute['verb'],
    path: readonly (string | null)[],
  ): Promise<object> {
    const { caller, parameters, files, baseUrl, setHeader } = call;
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

/** The page, or its Instagram account if that was addressed. */
function addressed({ caller: { page }, onlyChannel }: PageCall): string {
  return onlyChannel === 'instagram' && page.instagramId !== null ? page.instagramId : page.pageId;
}
