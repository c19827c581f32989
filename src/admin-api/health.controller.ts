import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Readiness, type ReadinessReport } from './readiness.js';

const healthSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
const statusSchema = z
  .enum(['ok', 'degraded', 'unavailable'])
  .describe('`degraded`: requests are served, and somebody should look. `unavailable`: send them elsewhere.');
const checkSchema = z.object({ status: statusSchema, detail: z.string().nullable().describe('What is wrong.') });
const readinessSchema = z
  .object({
    status: statusSchema,
    checks: z.object({
      database: checkSchema,
      migrations: checkSchema.describe('Whether the database has what this version needs.'),
      clock: checkSchema.describe("Whether the clock follows the database's."),
      dispatch: checkSchema.describe('Whether all lanes are dispatched, and this instance does its share.'),
      durability: checkSchema.describe('Whether the database keeps what it has acknowledged through a crash.'),
    }),
  })
  .meta({ id: 'Readiness' });

/** Probes. They tell nothing but whether to wait or to restart, so they need no token. */
@Controller('health')
@ApiTags('Operating')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process runs' })
  @ApiOkResponse({ standardSchema: healthSchema })
  live(): z.infer<typeof healthSchema> {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether requests can be served, and what is wrong' })
  @ApiOkResponse({ standardSchema: readinessSchema })
  @ApiServiceUnavailableResponse({ standardSchema: readinessSchema })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessReport> {
    const report = await this.readiness.look();
    if (report.status === 'unavailable') void reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return report;
  }
}
