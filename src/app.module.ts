import { Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AdminApiModule } from './admin-api/admin-api.module.js';
import { Authenticator } from './admin-auth/authenticator.js';
import { MetaForwarder } from './channels/meta/meta-forwarder.js';
import { MetaChannel } from './channels/meta/meta.channel.js';
import { MetaGraphClient } from './channels/meta/meta-graph.client.js';
import { SimulatorChannel } from './channels/simulator/simulator.channel.js';
import { SimulatorModule } from './channels/simulator/simulator.module.js';
import { Channel } from './channels/channel.js';
import { Clock } from './clock/clock.js';
import { AdminToken } from './config/admin-token.js';
import { Failpoints } from './config/failpoints.js';
import { Settings } from './config/settings.js';
import type { Core } from './core.js';
import { GraphApiModule } from './graph-api/graph-api.module.js';
import { IngressModule } from './ingress/ingress.module.js';
import { InspectorModule } from './inspector/inspector.module.js';
import { LiveHub } from './live/live-hub.js';
import { ThreadRouter } from './routing/thread-router.js';
import { AdminTokenStore } from './store/admin-token.store.js';
import { AuditStore } from './store/audit.store.js';
import { CommittedRows } from './store/committed-rows.js';
import { ConfigStore } from './store/config.store.js';
import { ConfigurationCache } from './store/configuration.cache.js';
import { CursorStore } from './store/cursor.store.js';
import { EndedAttempts } from './store/ended-attempts.js';
import { LaneStore } from './store/lane.store.js';
import { LiveStore } from './store/live.store.js';
import { LogStore } from './store/log.store.js';
import { OperatingStore } from './store/operating.store.js';
import { QuarantineStore } from './store/quarantine.store.js';
import { SessionStore } from './store/session.store.js';
import { Vitals } from './telemetry/vitals.js';
import { ThreadStore } from './store/thread.store.js';
import { Timers } from './timers/timers.js';

/** What lets people in. */
export interface AccessOptions {
  readonly adminToken: AdminToken;
  readonly sessions: SessionStore;
}

/** The interfaces around the core. The only file that knows every module. */
@Module({})
export class AppModule {
  static register(core: Core, { adminToken, sessions }: AccessOptions): DynamicModule {
    const provided = [
      { provide: Settings, useValue: core.settings },
      { provide: Failpoints, useValue: core.failpoints },
      { provide: Clock, useValue: core.clock },
      { provide: AdminToken, useValue: adminToken },
      { provide: AdminTokenStore, useValue: new AdminTokenStore(core.dataSource) },
      { provide: AuditStore, useValue: new AuditStore(core.dataSource) },
      { provide: SessionStore, useValue: sessions },
      Authenticator,
      { provide: DataSource, useValue: core.dataSource },
      { provide: ConfigStore, useValue: core.configStore },
      { provide: ConfigurationCache, useValue: core.configuration },
      { provide: LaneStore, useValue: core.lanes },
      { provide: LogStore, useValue: core.log },
      { provide: ThreadStore, useValue: new ThreadStore(core.readPool) },
      { provide: CursorStore, useValue: new CursorStore(core.readPool) },
      { provide: QuarantineStore, useValue: core.quarantine },
      { provide: CommittedRows, useValue: core.committedRows },
      { provide: EndedAttempts, useValue: core.endedAttempts },
      { provide: LiveStore, useValue: new LiveStore(core.dataSource) },
      { provide: LiveHub, useClass: LiveHub },
      { provide: ThreadRouter, useValue: core.router },
      { provide: Timers, useValue: core.timers },
      { provide: MetaGraphClient, useClass: MetaGraphClient },
      { provide: MetaForwarder, useClass: MetaForwarder },
      { provide: Channel, useClass: core.settings.gateway ? MetaChannel : SimulatorChannel },
      { provide: Vitals, useValue: core.vitals },
      { provide: OperatingStore, useValue: new OperatingStore(core.dataSource) },
    ];
    return {
      module: AppModule,
      global: true,
      imports: [
        AdminApiModule,
        GraphApiModule,
        SimulatorModule,
        InspectorModule,
        IngressModule.register(core.settings),
      ],
      providers: provided,
      exports: provided.map((provider) => ('provide' in provider ? provider.provide : provider)),
    };
  }
}
