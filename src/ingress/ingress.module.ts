import { Module, type DynamicModule } from '@nestjs/common';
import type { Settings } from '../config/settings.js';
import { ButtonFinder } from './button-finder.js';
import { EchoMatcher } from './echo-matcher.js';
import { MetaWebhookController } from './meta-webhook.controller.js';
import { StandbyOwner } from './standby-owner.js';

/** The platform's webhooks in: always in gateway mode, in the emulator only when there is a secret to check them by. */
@Module({})
export class IngressModule {
  static register(settings: Settings): DynamicModule {
    const enabled = settings.gateway || settings.values.META_APP_SECRET !== undefined;
    return {
      module: IngressModule,
      ...(enabled && { controllers: [MetaWebhookController], providers: [EchoMatcher, ButtonFinder, StandbyOwner] }),
    };
  }
}
