import type { IncomingHttpHeaders } from 'node:http';
import { parseCookie, stringifySetCookie } from 'cookie';

/** What is asked of a request: over which protocol the browser sent it, by the word of a trusted load balancer as well. */
interface Asked {
  readonly protocol: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * The cookie that holds a session's id: out of reach of scripts and of other sites. A browser that uses HTTPS holds it to
 * this host and to HTTPS, and no other cookie counts then: what anybody on the way could have planted is not looked at.
 */
export class SessionCookie {
  readonly #secure: boolean;
  readonly #name: string;
  readonly #header: string | undefined;

  constructor({ protocol, headers }: Asked) {
    this.#secure = protocol === 'https';
    this.#name = this.#secure ? '__Host-signalbox' : 'signalbox';
    this.#header = headers.cookie;
  }

  /** The session's id that came with the request; null: there is none. */
  read(): string | null {
    return this.#header === undefined ? null : (parseCookie(this.#header)[this.#name] ?? null);
  }

  /** A `Set-Cookie` header with a session's id. It ends with the browser, or when the server ends the session. */
  write(id: string): string {
    return stringifySetCookie(this.#attributes(id));
  }

  /** A `Set-Cookie` header that takes the cookie away. */
  clear(): string {
    return stringifySetCookie({ ...this.#attributes(''), maxAge: 0 });
  }

  #attributes(value: string) {
    return { name: this.#name, value, path: '/', httpOnly: true, sameSite: 'strict', secure: this.#secure } as const;
  }
}
