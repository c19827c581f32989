import { demo, seedDemo } from '../../src/channels/simulator/demo-data.js';
import { createTestDatabase } from '../support/database.js';
import { startSignalbox } from '../support/signalbox.js';

it('answers 503 while the database is away, and keeps running', async () => {
  const database = await createTestDatabase();
  const signalbox = await startSignalbox({}, database);
  try {
    await seedDemo(signalbox.core.configStore, signalbox.core.clock.now());
    const token = await signalbox.core.configStore.issueToken(demo.page, demo.supportBot, signalbox.core.clock.now());
    await database.drop();

    const act = `/api/v1/simulator/pages/${demo.page}/people/7000000000000101/actions`;
    expect(await signalbox.api('POST', act, { type: 'message', text: 'hello' })).toMatchObject({
      status: 503,
      body: { code: 'busy' },
    });
    expect(await signalbox.api('GET', '/api/v1/apps')).toMatchObject({ status: 503, body: { code: 'busy' } });
    const graph = await fetch(
      `${signalbox.url}/v12.0/me/thread_owner?recipient=7000000000000101&access_token=${token}`,
    );
    expect(await graph.json()).toMatchObject({ error: { code: 2, is_transient: true } });
    expect(await signalbox.api('GET', '/health/live')).toMatchObject({ status: 200 });
    expect(await signalbox.api('GET', '/health/ready')).toMatchObject({ status: 503 });
  } finally {
    await signalbox.stop();
  }
});
