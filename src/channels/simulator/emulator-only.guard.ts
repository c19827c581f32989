import { Injectable, type CanActivate } from '@nestjs/common';
import { Problem } from '../../admin-auth/problem.js';
import { Settings } from '../../config/settings.js';

/** Keeps simulated people and a moving clock away from real ones. */
@Injectable()
export class EmulatorOnlyGuard implements CanActivate {
  constructor(private readonly settings: Settings) {}

  canActivate(): true {
    if (this.settings.gateway) {
      throw new Problem(
        'emulator_only',
        'This installation is a gateway (MODE=gateway): its people and its clock are real.',
      );
    }
    return true;
  }
}
