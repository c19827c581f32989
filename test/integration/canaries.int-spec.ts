import { newAccessToken } from '../../src/store/access-token.js';
import { newOpaqueToken } from '../../src/store/opaque-token.js';
import { adminToken, leaksIn } from '../support/canaries.js';

/** The search at the end of every run finds nothing only because there is nothing. */
it.each([
  ['the token of an installation', `authorization: Bearer ${adminToken}`],
  ['an admin token', `{"msg":"${newOpaqueToken('sbx_admin_').token}"}`],
  ['a page access token', `GET /v25.0/me?access_token=${newAccessToken()}`],
  ['an app token', 'GET /me?access_token=2200000000000022%7Canything'],
  ['the secret of an app', '{"appSecret":"secret-of-2200000000000022"}'],
  ['a person', '{"thread":"104700000000001/7000000000000101"}'],
  ['what somebody wrote', '{"message":{"text":"hello"}}'],
  ['a session', `set-cookie: signalbox=${'A'.repeat(43)}; Path=/`],
])('knows %s when a log has it', (what, line) => {
  expect(leaksIn(line)).toEqual([what]);
});

it('takes nothing else for one', () => {
  const line = '{"appId":"2200000000000022","pageId":"104700000000001","deliveryId":"17-284-0-1xk9","traceId":"a-b"}';
  expect(leaksIn(line)).toEqual([]);
});
