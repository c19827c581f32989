import { isGraphId } from '../domain/ids.js';
import type { CallerAuthenticator } from './caller-authenticator.js';
import type { Caller, CallOrigin, GraphEndpoints, GraphRoute, ObjectKind } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { kindByForm } from './conversation-id.js';
import type { GraphObjectStore } from '../store/graph-object.store.js';
import { withNextPage } from './paging.js';
import type { GraphRequest } from './request-parameters.js';
import type { RateLimits } from './rate-limits.js';

/** What unversioned calls get, as the answer's `facebook-api-version` says. */
export const defaultVersion = 'v25.0';

const objectKinds: ReadonlySet<string> = new Set<ObjectKind>(['persona', 'label', 'conversation', 'message']);

/** What a path means to its caller. */
type Target =
  | { readonly node: 'page'; readonly onlyChannel: 'instagram' | null; readonly edge: string | null }
  | { readonly node: 'app'; readonly edge: string | null }
  | { readonly node: 'person'; readonly personId: string; readonly edge: string | null }
  | { readonly node: ObjectKind; readonly objectId: string; readonly edge: string | null }
  | { readonly node: 'root'; readonly edge: string };

/**
 * Takes a request that has been read, from wherever it came, to the endpoint that answers it. Paths are an object and an
 * edge (`me/messages`); what the object is depends on the caller's token as much as on the path, which is why this is
 * not left to the HTTP framework's router.
 */
export class GraphDispatcher {
  readonly #routes = new Map<string, GraphRoute>();
  readonly #roots = new Set<string>();

  constructor(
    private readonly authenticator: CallerAuthenticator,
    private readonly objects: GraphObjectStore,
    private readonly limits: RateLimits,
    endpoints: readonly GraphEndpoints[],
  ) {
    for (const route of endpoints.flatMap(({ routes }) => routes)) {
      this.#routes.set(keyOf(route.node, route.verb, route.edge), route);
      if (route.node === 'root') this.#roots.add(route.edge);
    }
  }

  /** @throws GraphError for every refusal. */
  async answer(request: GraphRequest, origin: CallOrigin): Promise<object> {
    const caller = this.authenticator.authenticate(request);
    try {
      await this.limits.countCall(caller);
      const answer = await this.#answerTo(caller, request, origin);
      return request.method === 'GET' ? withNextPage(answer, request, origin) : answer;
    } finally {
      await this.limits.tellUsage(caller, origin.setHeader);
    }
  }

  async #answerTo(caller: Caller, request: GraphRequest, origin: CallOrigin): Promise<object> {
    const target = await this.#targetOf(request.path, caller);
    const route = this.#routes.get(keyOf(target.node, request.method, target.edge));
    const unsupported = () => new GraphError('unsupported_request', request.method, request.path[0] ?? '');
    if (route === undefined) throw unsupported();
    const { parameters, files } = request;
    const call = { ...origin, parameters, files, version: request.version ?? defaultVersion };
    if (route.node === 'page' && target.node === 'page' && caller.kind === 'page') {
      return route.answer({ ...call, caller, onlyChannel: target.onlyChannel });
    }
    if (route.node === 'person' && target.node === 'person' && caller.kind === 'page') {
      return route.answer({ ...call, caller, personId: target.personId });
    }
    if (route.node === 'app' || route.node === 'root') return route.answer({ ...call, caller });
    if (isObjectRoute(route) && 'objectId' in target && caller.kind === 'page') {
      return route.answer({ ...call, caller, objectId: target.objectId });
    }
    throw unsupported();
  }

  async #targetOf(path: readonly string[], caller: Caller): Promise<Target> {
    const [node = '', edge = null, ...rest] = path;
    if (node === '' || (path.length === 1 && this.#roots.has(node))) return { node: 'root', edge: node };
    const target = await this.#nodeOf(node, edge, caller);
    if (target === null) {
      throw edge === null ? new GraphError('alias_unknown', node) : new GraphError('unknown_path', joined(path, 1));
    }
    if (rest.length > 0) throw new GraphError('unknown_path', joined(path, 2));
    return target;
  }

  /** Null: the word names nothing at all. */
  async #nodeOf(node: string, edge: string | null, caller: Caller): Promise<Target | null> {
    if (node === 'me')
      return caller.kind === 'page' ? { node: 'page', onlyChannel: null, edge } : { node: 'app', edge };
    if (!isGraphId(node)) {
      const kind = caller.kind === 'page' ? kindByForm(node) : null;
      return kind === null ? null : { node: kind, objectId: node, edge };
    }
    if (node === caller.app.appId) return { node: 'app', edge };
    if (caller.kind === 'page') {
      if (node === caller.page.pageId) return { node: 'page', onlyChannel: null, edge };
      if (node === caller.page.instagramId) return { node: 'page', onlyChannel: 'instagram', edge };
      const kind = await this.objects.findKind(caller.page.pageId, node);
      if (kind !== null) return { node: kind, objectId: node, edge };
    }
    // A person of the page, or nobody: what is somebody else's is not told from what does not exist.
    return { node: 'person', personId: node, edge };
  }
}

type ObjectRoute = Extract<GraphRoute, { readonly node: ObjectKind }>;

function isObjectRoute(route: GraphRoute): route is ObjectRoute {
  return objectKinds.has(route.node);
}

function keyOf(node: GraphRoute['node'], verb: string, edge: string | null): string {
  return `${node} ${verb} ${edge ?? ''}`;
}

function joined(path: readonly string[], from: number): string {
  return path.slice(from).join('/');
}
