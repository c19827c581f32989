import type { EndedAttempt } from '../store/ended-attempts.js';
import type { FollowedRow } from '../store/live.store.js';

/** Something that happened, for whoever watches. */
export type LiveHappening =
  | { readonly type: 'log'; readonly followed: FollowedRow }
  | { readonly type: 'delivery'; readonly attempt: EndedAttempt }
  | { readonly type: 'configuration' }
  | { readonly type: 'clock' };

/** What everybody who watches is told at once. What each of them needs of it is made once, when the first one asks. */
export class LiveItem {
  readonly #made = new Map<string, string>();

  /** @param positions where a reader is who has got this: see `LivePositions` */
  constructor(
    readonly happening: LiveHappening,
    readonly positions: readonly number[],
  ) {}

  /** A text made of it, by the name of what makes it. */
  made(name: string, make: (item: LiveItem) => string): string {
    let text = this.#made.get(name);
    if (text === undefined) {
      text = make(this);
      this.#made.set(name, text);
    }
    return text;
  }

  /** Whether it is about this page and, if one is named, this person. What is about no thread is for everybody. */
  concerns(pageId: string | undefined, psid: string | undefined): boolean {
    const { happening } = this;
    if (happening.type !== 'log' && happening.type !== 'delivery') return true;
    const about = happening.type === 'log' ? happening.followed.row : happening.attempt;
    return (pageId === undefined || about.pageId === pageId) && (psid === undefined || about.psid === psid);
  }
}
