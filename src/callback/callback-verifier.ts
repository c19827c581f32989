import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { type AddressGuard, callbackGuard } from './address-guard.js';
import { createCallbackAgent } from './callback-agent.js';
import { parseCallbackUrl, type CallbackUrlRules } from './callback-url.js';
import { verifyCallback, type CallbackVerification } from './verify-callback.js';

/**
 * Asks a callback whether it is one, before it is stored: the address must be one we may connect to, and it must answer
 * the handshake. The emulator also takes callbacks on this machine, without TLS and on any port.
 */
@Injectable()
export class CallbackVerifier implements OnModuleDestroy {
  private readonly guard: AddressGuard;
  private readonly rules: CallbackUrlRules;
  private readonly agent;

  constructor(settings: Settings) {
    this.guard = callbackGuard(settings);
    const { CALLBACK_PORTS: ports } = settings.values;
    this.rules = settings.gateway ? { httpsOnly: true, ports } : { httpsOnly: false, ports: null };
    this.agent = createCallbackAgent({ guard: this.guard });
  }

  async verify(callbackUrl: string, verifyToken: string): Promise<CallbackVerification> {
    const parsed = parseCallbackUrl(callbackUrl, this.rules, this.guard);
    return parsed.ok ? verifyCallback(this.agent, parsed.url, verifyToken) : parsed;
  }

  async onModuleDestroy(): Promise<void> {
    await this.agent.close();
  }
}
