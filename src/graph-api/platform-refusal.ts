import type { PlatformAnswer, PlatformError } from '../channels/channel.js';
import { GraphError, type GraphErrorEnvelope } from './graph-error.js';

/** The platform's own refusal, passed on as it came: status, body, and the headers that its clients read. */
export class PlatformRefusal extends GraphError {
  constructor(private readonly answer: PlatformAnswer) {
    super('platform_refused');
    const { error } = answer.body as { error?: { message?: unknown } };
    if (typeof error?.message === 'string') this.message = error.message;
  }

  override get status(): number {
    return this.answer.status;
  }

  override get headers(): Readonly<Record<string, string>> {
    return this.answer.headers;
  }

  override envelope(): GraphErrorEnvelope {
    // The platform's, so in the platform's shape.
    return this.answer.body as GraphErrorEnvelope;
  }
}

/** What an app is told when the platform did not take its send. */
export function platformError({ fault, answer }: PlatformError): GraphError {
  switch (fault) {
    case 'refused':
      return answer?.body == null
        ? new GraphError('platform_refused')
        : new PlatformRefusal({ ...answer, body: answer.body });
    case 'unknown':
      return new GraphError('send_outcome_unknown');
    case 'unreachable':
      return new GraphError('temporarily_unavailable');
    case 'not_configured':
      return new GraphError('platform_not_configured');
  }
}
