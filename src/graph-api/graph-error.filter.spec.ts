import { HttpException, Logger, PayloadTooLargeException, type ArgumentsHost } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { jest } from '@jest/globals';
import { GraphErrorFilter } from './graph-error.filter.js';
import { GraphError } from './graph-error.js';
import { RouterBusyError } from '../routing/submission.js';
import { ConfigurationError } from '../store/configuration.error.js';
import { UnreadableRequest } from './request-parameters.js';
import { traceIdOf } from './trace-id.js';

/** What a caller gets when a handler throws. */
function answerTo(thrown: unknown) {
  const answer = { status: 0, headers: {} as Record<string, string>, body: '' };
  const httpAdapter = {
    setHeader: (_response: unknown, name: string, value: string) => (answer.headers[name] = value),
    reply: (_response: unknown, body: string, status: number) => Object.assign(answer, { body, status }),
  };
  const host = {
    switchToHttp: () => ({ getRequest: () => ({ id: 'request-1', url: '/me/messages' }), getResponse: () => ({}) }),
  } as unknown as ArgumentsHost;
  new GraphErrorFilter({ httpAdapter } as unknown as HttpAdapterHost).catch(thrown, host);
  return { ...answer, error: JSON.parse(answer.body).error };
}

it('tells a refusal as it is', () => {
  const refusal = new GraphError('invalid_token');
  const answer = answerTo(refusal);
  expect(answer).toMatchObject({ status: 400, error: { code: 190, fbtrace_id: traceIdOf('request-1') } });
  expect(answer.headers).toEqual({
    'content-type': 'application/json; charset=UTF-8',
    'www-authenticate': refusal.authenticate,
    'x-fb-trace-id': traceIdOf('request-1'),
  });
});

it.each<[unknown, number, number]>([
  [new UnreadableRequest('The request body must be a JSON object'), 400, 100],
  [new PayloadTooLargeException(), 413, 100],
  [Object.assign(new Error('Request body is too large'), { statusCode: 413 }), 413, 100],
  [new HttpException('busy', 503), 503, 2],
  [new RouterBusyError('Too many events are waiting to be committed.'), 503, 2],
  [new ConfigurationError('connection_not_found', 'App 1 is not connected to page 2.'), 403, 200],
  [Object.assign(new Error('Unsupported Media Type'), { statusCode: 415 }), 400, 100],
])('finds the envelope for %s', (thrown, status, code) => {
  expect(answerTo(thrown)).toMatchObject({ status, error: { code } });
});

it('logs a fault in full and tells the caller nothing but its trace id', () => {
  const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  const fault = new Error('connection to 10.0.0.7 lost', { cause: new Error('ECONNRESET') });
  const answer = answerTo(fault);
  expect(answer).toMatchObject({ status: 500, error: { code: 1, message: 'An unknown error occurred' } });
  expect(answer.body).not.toContain('10.0.0.7');
  expect(logged).toHaveBeenCalledWith({ err: fault, traceId: answer.error.fbtrace_id }, 'a Graph API call failed');
  logged.mockRestore();
});
