import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { machineDefinition, machineSchema } from './machine-definition.js';

@AdminController('machine', 'Machine')
export class MachineController {
  @Get()
  @ApiOperation({ summary: 'The definition of the thread machine' })
  @ApiOkResponse({ standardSchema: machineSchema })
  get() {
    return machineDefinition();
  }
}
