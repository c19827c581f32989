import type { UploadedFile } from '../channels/channel.js';
import type { Channel } from '../domain/page.js';
import type { Connection, Page } from '../domain/page.js';
import type { App } from '../store/configuration.js';
import type { Parameters } from './request-parameters.js';

/** Who calls, by the token of the call. */
export type Caller =
  /** A page token: it speaks for one app on one page, which `me` means. */
  | {
      readonly kind: 'page';
      readonly app: App;
      readonly page: Page;
      readonly connection: Connection;
      readonly accessToken: string;
    }
  /** An app token, `<app id>|<app secret>`: `me` is the app. */
  | { readonly kind: 'app'; readonly app: App };

/** Gives the answer a header of its own, beside those that every answer has. */
export type SetHeader = (name: string, value: string) => void;

/** Where a call came from, and what its answer carries beside the body. */
export interface CallOrigin {
  /** Names the call in the log. */
  readonly traceId: string;
  /** How the caller addresses this server, such as `http://127.0.0.1:3000`. */
  readonly baseUrl: string;
  readonly setHeader: SetHeader;
}

interface Call extends CallOrigin {
  readonly parameters: Parameters;
  readonly files: readonly UploadedFile[];
  /** Such as `v12.0`. */
  readonly version: string;
}

/** A call on a page, by an app connected to it. */
export interface PageCall extends Call {
  readonly caller: Extract<Caller, { kind: 'page' }>;
  /** Set if the path names the Instagram account: then only its threads are meant. */
  readonly onlyChannel: Extract<Channel, 'instagram'> | null;
}

/** A call on the calling app itself. */
export interface AppCall extends Call {
  readonly caller: Caller;
}

/** A call on one person of the caller's page. */
export interface PersonCall extends Call {
  readonly caller: Extract<Caller, { kind: 'page' }>;
  readonly personId: string;
}

/** What else has an id of its own on a page. */
export type ObjectKind = 'persona' | 'label' | 'conversation' | 'message';

/** A call on such an object; that it exists is for the endpoint to find out. */
export interface ObjectCall extends Call {
  readonly caller: Extract<Caller, { kind: 'page' }>;
  readonly objectId: string;
}

/** A call on no object at all. */
export type RootCall = AppCall;

export type Verb = 'GET' | 'POST' | 'DELETE';

/** Answers a call with the body of the response; refuses by throwing a GraphError. */
type Answer<OneCall> = (call: OneCall) => object | Promise<object>;

/** One thing this API can do. `edge` null: the object itself. */
export type GraphRoute =
  | { readonly node: 'page'; readonly verb: Verb; readonly edge: string | null; readonly answer: Answer<PageCall> }
  | { readonly node: 'app'; readonly verb: Verb; readonly edge: string | null; readonly answer: Answer<AppCall> }
  | { readonly node: 'person'; readonly verb: Verb; readonly edge: string | null; readonly answer: Answer<PersonCall> }
  | {
      readonly node: ObjectKind;
      readonly verb: Verb;
      readonly edge: string | null;
      readonly answer: Answer<ObjectCall>;
    }
  /** `edge` is the path itself. */
  | { readonly node: 'root'; readonly verb: Verb; readonly edge: string; readonly answer: Answer<RootCall> };

/** Some of the API's routes. */
export abstract class GraphEndpoints {
  abstract readonly routes: readonly GraphRoute[];
}
