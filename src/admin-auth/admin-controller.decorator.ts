import {
  applyDecorators,
  Controller,
  StandardSchemaValidationPipe,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessGuard } from './access.guard.js';
import { AuditInterceptor } from './audit.interceptor.js';
import { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/** More faults of one request are not worth telling. */
const errorsMax = 20;

/** Holds parameters and bodies to their schemas; what does not fit is answered with every place that is wrong. */
export const schemaPipe = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => {
    const errors = issues.slice(0, errorsMax).map(({ path, message }) => ({
      path: (path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.'),
      message,
    }));
    const [first] = errors;
    const where = first === undefined || first.path === '' ? '' : `${first.path}: `;
    return new Problem('invalid_request', `${where}${first?.message ?? 'not valid'}`, { errors });
  },
});

/**
 * A controller of our own API, below `/api/v1`: sign-in, schemas, problem details; each of its routes declares the role it
 * needs with `RequiresRole`. `tag` groups it in the docs.
 */
export function AdminController(path: string, tag: string): ClassDecorator {
  return applyDecorators(
    Controller(`api/v1/${path}`),
    UseGuards(AccessGuard),
    UseInterceptors(AuditInterceptor),
    UsePipes(schemaPipe),
    UseFilters(ProblemFilter),
    ApiTags(tag),
  );
}
