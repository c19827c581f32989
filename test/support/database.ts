import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../../src/store/postgres-binaries.js';
import { asAdmin, testServer, urlOf } from './test-server.js';

const CLONE_ATTEMPTS_MAX = 20;
const CLONE_RETRY_MS = 50;
/** Somebody is connected to the template; for us that can only be a clone or a vacuum under way. */
const OBJECT_IN_USE = '55006';

export interface TestDatabase {
  readonly url: string;
  /** Ends whatever is still connected and removes the database. */
  readonly drop: () => Promise<void>;
}

/** A migrated, otherwise empty database of its own, for one test file or one test. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = testServer();
  const name = `${server.prefix}_${randomBytes(6).toString('hex')}`;
  await asAdmin(server, async (admin) => {
    for (let attempt = 1; ; attempt++) {
      try {
        await admin.query(`create database ${name} template ${server.template}`);
        return;
      } catch (error) {
        if (!hasCode(error, OBJECT_IN_USE) || attempt === CLONE_ATTEMPTS_MAX) throw error;
        await delay(CLONE_RETRY_MS);
      }
    }
  });
  return {
    url: urlOf(server, name),
    drop: () =>
      asAdmin(server, async (admin) => {
        await admin.query(`drop database if exists ${name} with (force)`);
      }),
  };
}
