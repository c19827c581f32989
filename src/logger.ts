import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';

const standardError = 2;

/** Structured logs, one JSON object a line, on standard error by default: standard output is for people. */
export function openLogger(level: string, fileDescriptor = standardError): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: errorFields } },
    pino.destination(fileDescriptor),
  );
}

/**
 * What a log line may say. Everything else that is handed over is left out: what a field is called decides whether it can
 * hold a text, a token or a person, not what is in it today. A person is found by way of the log row's id.
 */
const allowedFields = [
  'traceId',
  'context',
  'ip',
  'reasons',
  'appId',
  'pageId',
  'lane',
  'deliveryId',
  'attempt',
  'outcome',
  'status',
  'durationMs',
] as const;

/** Nest's own messages, and those of our parts, through the same logger. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...details: unknown[]): void {
    this.#write('debug', message, details);
  }
  error(message: unknown, ...details: unknown[]): void {
    this.#write('error', message, details);
  }
  warn(message: unknown, ...details: unknown[]): void {
    this.#write('warn', message, details);
  }
  debug(message: unknown, ...details: unknown[]): void {
    this.#write('debug', message, details);
  }
  verbose(message: unknown, ...details: unknown[]): void {
    this.#write('trace', message, details);
  }

  /** Nest appends the context, and before it a stack or what else the caller gave. */
  #write(level: 'error' | 'warn' | 'debug' | 'trace', message: unknown, details: readonly unknown[]): void {
    if (!this.logger.isLevelEnabled(level)) return;
    const context = details.at(-1);
    const [text] = details.slice(0, -1).filter((detail) => typeof detail === 'string');
    const fields: Record<string, unknown> = typeof context === 'string' ? { context } : {};
    if (message instanceof Error) {
      this.logger[level]({ ...fields, err: message });
    } else if (typeof message === 'object' && message !== null) {
      for (const name of allowedFields) if (name in message) fields[name] = Reflect.get(message, name);
      const said: unknown = Reflect.get(message, 'msg') ?? text;
      const err: unknown = Reflect.get(message, 'err');
      this.logger[level]({ ...fields, ...(err !== undefined && { err }) }, typeof said === 'string' ? said : '');
    } else {
      this.logger[level](fields, String(message));
    }
  }
}

const causesMax = 5;

/**
 * An error as the log has it: what kind, where, and with which code. Messages of errors that quote what they were given
 * are left out: a JSON parser's quotes the text, and the database's quote values.
 */
function errorFields(thrown: unknown, depth = 0): object {
  if (!(thrown instanceof Error)) return { type: typeof thrown };
  const code: unknown = Reflect.get(thrown, 'code');
  const quotes = thrown instanceof SyntaxError || (typeof code === 'string' && /^2[23]/.test(code));
  const frames = thrown.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: thrown.name,
    ...(!quotes && { message: thrown.message }),
    ...(typeof code === 'string' && { code }),
    stack: frames?.join('\n'),
    ...(thrown.cause !== undefined && depth < causesMax && { cause: errorFields(thrown.cause, depth + 1) }),
  };
}
