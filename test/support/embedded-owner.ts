/** A process that starts the embedded PostgreSQL of the folder it is given, says where it is, and lives until killed. */
import { startEmbeddedPostgres } from '../../src/store/embedded-postgres.js';

const [dataDir = ''] = process.argv.slice(2);
const { url } = await startEmbeddedPostgres({ dataDir, durable: false });
process.stdout.write(`${url}\n`);
process.stdin.resume(); // until the parent goes away
