import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { machineDefinition, machineSchema } from '../views/machine-definition.js';

@AdminController('machine', 'Machine')
export class MachineController {
  @Get()
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'The definition of the thread machine' })
  @ApiOkResponse({ standardSchema: machineSchema })
  get() {
    return machineDefinition();
  }
}
