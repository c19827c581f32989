import { faultOf } from './database-errors.js';

const withCode = (code: string) => Object.assign(new Error('…'), { code });

it.each([
  ['23505', 'duplicate'],
  ['22021', 'bad_data'],
  ['23514', 'bad_data'],
  ['40001', 'retry'],
  ['40P01', 'retry'],
  ['55P03', 'retry'],
  ['08006', 'unknown_outcome'],
  ['53300', 'unknown_outcome'],
  ['53100', 'unknown_outcome'],
  ['25006', 'unknown_outcome'],
  ['57014', 'unknown_outcome'],
  ['57P01', 'unknown_outcome'],
  ['ECONNREFUSED', 'unknown_outcome'],
  ['EPIPE', 'unknown_outcome'],
  ['42601', 'bug'],
  ['ERR_INVALID_ARG_TYPE', 'bug'],
])('reads %s as %s', (code, fault) => {
  expect(faultOf(withCode(code))).toBe(fault);
});

it.each([
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Query read timeout',
  'timeout exceeded when trying to connect',
])('knows the driver’s own "%s"', (message) => {
  expect(faultOf(new Error(message))).toBe('unknown_outcome');
});

it('takes everything else for a bug', () => {
  expect(faultOf(new Error('the connection of two ideas'))).toBe('bug');
  expect(faultOf(null)).toBe('bug');
});
