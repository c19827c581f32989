import { parseCookie, stringifySetCookie } from 'cookie';

/** The cookie that holds a session's id: out of reach of scripts and of other sites. */
export class SessionCookie {
  readonly #name: string;

  /** `secure`: whether this server serves HTTPS; browsers then hold the cookie to this host and to HTTPS. */
  constructor(private readonly secure: boolean) {
    this.#name = secure ? '__Host-signalbox' : 'signalbox';
  }

  /** The session's id in a `Cookie` header; null: there is none. */
  read(header: string | undefined): string | null {
    return header === undefined ? null : (parseCookie(header)[this.#name] ?? null);
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
    return { name: this.#name, value, path: '/', httpOnly: true, sameSite: 'strict', secure: this.secure } as const;
  }
}
