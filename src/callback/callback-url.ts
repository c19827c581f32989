import { isIP } from 'node:net';
import type { AddressGuard } from './address-guard.js';

/** What an installation accepts as a callback URL, apart from the address it leads to. */
export interface CallbackUrlRules {
  /** Refuse `http:`. */
  readonly httpsOnly: boolean;
  /** The ports allowed; null allows any. */
  readonly ports: readonly number[] | null;
}

export type ParsedCallbackUrl =
  { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly reason: string };

const urlLengthMax = 2048;

/**
 * Parses a callback URL once, the way it will be connected to: `http://2130706433/` is 127.0.0.1 from here on. A literal
 * address is checked at once; a name only when it is connected to, since what it resolves to may change. Neither scheme
 * nor port is held against a literal address in a range the operator lists: that is inside their own network.
 */
export function parseCallbackUrl(text: string, rules: CallbackUrlRules, guard: AddressGuard): ParsedCallbackUrl {
  const refuse = (reason: string): ParsedCallbackUrl => ({ ok: false, reason });
  if (text.length > urlLengthMax) return refuse(`the URL is longer than ${urlLengthMax} characters`);
  const url = URL.parse(text);
  if (url === null) return refuse('this is not a complete URL');
  const host = hostAddress(url.hostname);
  const isInside = isIP(host) !== 0 && guard.lists(host);
  const httpsOnly = rules.httpsOnly && !isInside;
  if (url.protocol !== 'https:' && (httpsOnly || url.protocol !== 'http:')) {
    return refuse(httpsOnly ? 'the URL must begin with https://' : 'the URL must begin with http:// or https://');
  }
  if (url.username !== '' || url.password !== '') return refuse('the URL may not carry a user name or password');
  // An empty fragment leaves `hash` empty, so the text is asked.
  if (text.includes('#')) return refuse('the URL may not have a fragment');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (rules.ports !== null && !isInside && !rules.ports.includes(port)) {
    return refuse(`port ${port} is not allowed, only ${rules.ports.join(', ')} (CALLBACK_PORTS)`);
  }
  const refusal = isIP(host) === 0 ? undefined : guard.refusal(host);
  return refusal === undefined ? { ok: true, url } : refuse(refusal);
}

/** An IPv6 literal without the brackets it wears in a URL. */
export function hostAddress(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
