import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Key, KeyRing } from '../config/key-ring.js';
import { StoreUnavailableError } from './store-unavailable.error.js';

/** Where a secret is stored: what is sealed for one place opens in no other. */
export interface Place {
  readonly table: string;
  readonly column: string;
  /** The primary key of the row. */
  readonly row: string;
}

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const form = /^sealed:1:([A-Za-z0-9_-]+):([A-Za-z0-9_-]+)$/;

/**
 * Seals the secrets that have to be read again, so that a copy of the database is worth nothing without the keys. Sealed
 * text names its key, and is bound to its place. Whatever does not open, for whichever reason, is an error and never used.
 */
export class Vault {
  constructor(private readonly keys: KeyRing) {}

  seal(place: Place, secret: string): string {
    const { first } = this.keys;
    const nonce = randomBytes(nonceBytes);
    const sealing = createCipheriv(cipher, first.bytes, nonce, { authTagLength: tagBytes });
    sealing.setAAD(aad(place, first));
    const parts = [nonce, sealing.update(secret, 'utf8'), sealing.final(), sealing.getAuthTag()];
    return `sealed:1:${first.id}:${Buffer.concat(parts).toString('base64url')}`;
  }

  sealIfAny(place: Place, secret: string | null): string | null {
    return secret === null ? null : this.seal(place, secret);
  }

  /** Throws StoreUnavailableError if the key is missing, or the text was not sealed for this place. */
  open(place: Place, sealed: string): string {
    const [, keyId = '', text = ''] = form.exec(sealed) ?? [];
    const what = `the secret ${place.table}.${place.column} of ${place.row}`;
    if (text === '') throw new StoreUnavailableError(`${what} is not sealed: somebody else has written it`);
    const key = this.keys.get(keyId);
    if (key === undefined) {
      throw new StoreUnavailableError(
        `${what} is sealed with the key "${keyId}", and there is only ${this.keys.ids.map((id) => `"${id}"`).join(', ')}: ` +
          'give it in KEYRING, or use the data folder it was made in',
      );
    }
    const bytes = Buffer.from(text, 'base64url');
    try {
      const opening = createDecipheriv(cipher, key.bytes, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
      opening.setAAD(aad(place, key));
      opening.setAuthTag(bytes.subarray(-tagBytes));
      return Buffer.concat([opening.update(bytes.subarray(nonceBytes, -tagBytes)), opening.final()]).toString('utf8');
    } catch (error) {
      throw new StoreUnavailableError(
        `${what} cannot be opened: it was changed, moved, or sealed with another "${keyId}"`,
        {
          cause: error,
        },
      );
    }
  }

  openIfAny(place: Place, sealed: string | null): string | null {
    return sealed === null ? null : this.open(place, sealed);
  }

  /** Whether this is sealed with the key that seals now. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`sealed:1:${this.keys.first.id}:`);
  }
}

function aad({ table, column, row }: Place, { id }: Key): Buffer {
  return Buffer.from(JSON.stringify([table, column, row, id]));
}
