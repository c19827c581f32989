import { readFileSync } from 'node:fs';
import { HttpException, NotFoundException } from '@nestjs/common';
import { refusalReasons } from '../domain/thread/refusal.js';
import { RouterBusyError } from '../routing/submission.js';
import { ConfigurationError } from '../store/configuration.error.js';
import { Problem, problemKinds, problemSchema } from './problem.js';
import { toProblem } from './problem.filter.js';

it('is a problem detail with everything a caller needs', () => {
  const body = new Problem('version_mismatch', 'Look again.', { thread: { version: 3 } }).body('trace-1');
  expect(problemSchema.parse(body)).toEqual({
    type: 'urn:signalbox:problem:version_mismatch',
    code: 'version_mismatch',
    title: 'The thread has changed',
    status: 409,
    detail: 'Look again.',
    trace_id: 'trace-1',
    thread: { version: 3 },
  });
});

it.each<[unknown, string]>([
  [new Problem('id_taken', 'Taken.'), 'id_taken'],
  [new ConfigurationError('page_not_found', 'There is no page 1.'), 'page_not_found'],
  [new RouterBusyError('The database does not answer.'), 'busy'],
  [new NotFoundException('Cannot GET /api/v1/nowhere'), 'not_found'],
  [new HttpException('no', 405), 'method_not_allowed'],
  [Object.assign(new Error('Unexpected end of JSON input'), { statusCode: 400 }), 'malformed_body'],
  [Object.assign(new Error('too large'), { statusCode: 413 }), 'body_too_large'],
  [Object.assign(new Error('which type?'), { statusCode: 415 }), 'unsupported_media_type'],
  [new RangeError('Maximum call stack size exceeded'), 'malformed_body'],
  [new RangeError('Invalid array length'), 'internal_error'],
  [new Error('select * from secret'), 'internal_error'],
  ['thrown text', 'internal_error'],
])('finds the problem for %s', (thrown, code) => {
  const problem = toProblem(thrown);
  expect(problem.code).toBe(code);
  expect(problem.message).not.toContain('secret');
});

it('is listed in docs/errors.md with its status, every code and no other', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8').split('## Admin API')[1] ?? '';
  const listed = [...text.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, code, status]) => [code, Number(status)]);
  const refusals: ReadonlySet<string> = new Set(refusalReasons);
  const expected = Object.entries(problemKinds)
    .filter(([code]) => !refusals.has(code) || code === 'app_not_connected')
    .map(([code, { status }]) => [code, status]);
  expect(listed.sort()).toEqual(expected.sort());
});
