import { Body, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { AdminController } from '../../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../../admin-auth/api-problems.decorator.js';
import { RequiresRole } from '../../admin-auth/requires-role.decorator.js';
import { instant, instantSchema } from '../../views/instant.js';
import { durationMs, durationPattern } from './duration.js';
import { EmulatorOnlyGuard } from './emulator-only.guard.js';
import { VirtualClock } from './virtual-clock.js';

const clockSchema = z.object({ now: instantSchema });
const stepMaxMs = durationMs('366d');

const advanceSchema = z.union(
  [
    z.strictObject({
      advance: z
        .string()
        .regex(durationPattern)
        .refine((text) => durationMs(text) > 0 && durationMs(text) <= stepMaxMs)
        .describe('Whole numbers with units, such as `24h`, `1d12h` or `90m`; at most `366d`.'),
    }),
    z.strictObject({ to_next_deadline: z.literal(true) }),
  ],
  { error: 'must be {"advance": "24h"} (units w d h m s ms, up to 366d) or {"to_next_deadline": true}' },
);

@UseGuards(EmulatorOnlyGuard)
@AdminController('simulator/clock', 'Simulator')
export class ClockController {
  constructor(private readonly clock: VirtualClock) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({ summary: "The emulator's time" })
  @ApiOkResponse({ standardSchema: clockSchema })
  @ApiProblems('emulator_only')
  now(): z.infer<typeof clockSchema> {
    return { now: instant(this.clock.now()) };
  }

  @Post()
  @RequiresRole('operator')
  @HttpCode(200)
  @ApiOperation({ summary: 'Lets time pass; whatever is due by then has happened before this answers' })
  @ApiOkResponse({ standardSchema: clockSchema })
  @ApiProblems('emulator_only', 'no_deadline', 'clock_too_far')
  async advance(
    @Body({ schema: advanceSchema }) body: z.infer<typeof advanceSchema>,
  ): Promise<z.infer<typeof clockSchema>> {
    const now =
      'advance' in body ? await this.clock.advance(durationMs(body.advance)) : await this.clock.advanceToNextDeadline();
    return { now: instant(now) };
  }
}
