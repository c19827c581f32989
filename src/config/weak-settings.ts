/** What the check looks at, of all settings. */
interface Checked {
  readonly HOST: string;
  readonly TLS: 'off' | 'generated';
  readonly TLS_CERT?: string | undefined;
  readonly TRUSTED_PROXIES: string;
  readonly CALLBACK_ALLOW: string;
  readonly ADMIN_TOKEN?: string | undefined;
  readonly META_APP_SECRET?: string | undefined;
  readonly META_VERIFY_TOKEN?: string | undefined;
}

const minimumLengths = { ADMIN_TOKEN: 24, META_APP_SECRET: 12, META_VERIFY_TOKEN: 12 } as const;
/** Fewer different characters make no secret, however long it is. */
const differentCharactersMin = 6;
/** What stands in documents and templates where a secret belongs. */
const placeholder = /change.?me|example|password|passw0rd|default|placeholder|your[-_]|<|>|…/i;
const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;
/** No network of one's own is this large: it was meant to switch the check off. */
const widestPrefix = 8;

/** What is too weak in these settings to face the internet with, as a sentence; null: nothing. */
export function weaknessOf(values: Checked): string | null {
  for (const [name, min] of Object.entries(minimumLengths)) {
    const value = values[name as keyof typeof minimumLengths];
    if (value === undefined) continue;
    const random = 'a random one, such as of "openssl rand -hex 32"';
    if (value.length < min)
      return `The setting ${name} needs at least ${min} characters in gateway mode: use ${random}.`;
    if (new Set(value).size < differentCharactersMin) return `The setting ${name} can be guessed: use ${random}.`;
    if (placeholder.test(value)) return `The setting ${name} looks like an example: use ${random}.`;
  }
  const wide = values.CALLBACK_ALLOW.split(',').find((range) => Number(range.trim().split('/')[1]) < widestPrefix);
  if (wide !== undefined) {
    return `The setting CALLBACK_ALLOW has ${wide.trim()}, which opens everything: list the networks your apps are in.`;
  }
  const encrypted = values.TLS !== 'off' || values.TLS_CERT !== undefined || values.TRUSTED_PROXIES !== '';
  if (!loopback.test(values.HOST) && !encrypted) {
    return (
      'In gateway mode HOST can be other machines’ only with TLS: set TLS_CERT and TLS_KEY, or TRUSTED_PROXIES to the ' +
      'addresses of the load balancer that does it.'
    );
  }
  return null;
}
