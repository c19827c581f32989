import { Problem, type ProblemCode } from '../admin-auth/problem.js';
import { PlatformError, type PlatformFault } from '../channels/channel.js';

const codes = {
  refused: 'platform_refused',
  unknown: 'send_outcome_unknown',
  unreachable: 'platform_unreachable',
  not_configured: 'platform_not_configured',
} as const satisfies Record<PlatformFault, ProblemCode>;

/** What a caller of ours is told when the platform did not take a send; anything else is thrown as it is. */
export function platformProblem(thrown: unknown): never {
  if (!(thrown instanceof PlatformError)) throw thrown;
  const { fault, message, answer } = thrown;
  throw new Problem(codes[fault], message, answer === null ? {} : { platform: answer.body }, { cause: thrown });
}
