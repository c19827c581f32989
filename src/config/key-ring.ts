import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BadSettingError } from './settings.js';

export const keyBytes = 32;
const entryForm = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/;

export interface Key {
  /** Stored with what is sealed with the key. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** The keys that secrets are sealed with in the database: the first one seals, all of them open. */
export class KeyRing {
  readonly #byId: ReadonlyMap<string, Key>;

  private constructor(
    readonly first: Key,
    keys: readonly Key[],
  ) {
    this.#byId = new Map(keys.map((key) => [key.id, key]));
  }

  get ids(): readonly string[] {
    return [...this.#byId.keys()];
  }

  get(id: string): Key | undefined {
    return this.#byId.get(id);
  }

  /** Reads `id:base64,id:base64…`, each key of 32 bytes. Throws BadSettingError; the message has no key in it. */
  static parse(text: string, source: string): KeyRing {
    const keys = text
      .split(',')
      .map((entry) => entry.trim())
      .map((entry, index): Key => {
        const [, id, base64] = entryForm.exec(entry) ?? [];
        if (id === undefined || base64 === undefined) {
          throw new BadSettingError(
            `${source} is not valid: key ${index + 1} must be an id, a colon and 32 random bytes in base64, such as openssl rand -base64 32 prints.`,
          );
        }
        const bytes = Buffer.from(base64, 'base64');
        // Of 32 random bytes hardly any two are the same; of a key that somebody has typed, most are.
        if (new Set(bytes).size < keyBytes / 2) {
          throw new BadSettingError(
            `${source} is not valid: the key "${id}" is not random: openssl rand -base64 32 makes one.`,
          );
        }
        return { id, bytes };
      });
    const [first] = keys;
    if (first === undefined) throw new Error('splitting a text leaves at least one part');
    if (new Set(keys.map(({ id }) => id)).size < keys.length) {
      throw new BadSettingError(`${source} is not valid: two keys have the same id.`);
    }
    return new KeyRing(first, keys);
  }
}

/** The keys of the setting, else those kept in the data folder, where the first start puts one. */
export async function readKeyRing(setting: string | undefined, dataDir: string): Promise<KeyRing> {
  if (setting !== undefined) return KeyRing.parse(setting, 'The setting KEYRING');
  const file = path.join(dataDir, 'keyring');
  await mkdir(dataDir, { recursive: true });
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
    return makeKeyFile(file);
  });
  return KeyRing.parse(text.trim(), `The key file ${file}`);
}

/** Two servers on one folder may start at once: the first one's key stands, and nobody ever sees half a file. */
async function makeKeyFile(file: string): Promise<string> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const id = `local-${randomBytes(4).toString('hex')}`;
  await writeFile(draft, `${id}:${randomBytes(keyBytes).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(file, 'utf8');
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
