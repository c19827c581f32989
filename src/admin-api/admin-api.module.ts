import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CallbackVerifier } from '../callback/callback-verifier.js';
import { DeliveryStore } from '../store/delivery.store.js';
import { FeedStore } from '../store/feed.store.js';
import { PersonStore } from '../store/person.store.js';
import { AppsController } from './apps.controller.js';
import { AuditController } from './audit.controller.js';
import { ChecksController } from './checks.controller.js';
import { ConnectionsController } from './connections.controller.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveryHealthController } from './delivery-health.controller.js';
import { ExplainController } from './explain.controller.js';
import { FeedController } from './feed.controller.js';
import { HealthController } from './health.controller.js';
import { LiveController } from './live.controller.js';
import { MachineController } from './machine.controller.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { PagesController } from './pages.controller.js';
import { PeopleController } from './people.controller.js';
import { Readiness } from './readiness.js';
import { RoutesController } from './routes.controller.js';
import { SessionController } from './session.controller.js';
import { ThreadControlController } from './thread-control.controller.js';
import { ThreadDescriber } from './thread-describer.js';
import { ThreadFinder } from './thread-finder.js';
import { ThreadsController } from './threads.controller.js';
import { TokensController } from './tokens.controller.js';

/** Our own API, for people and their tools: configuration, threads, deliveries, the feed, and the probes. */
@Module({
  controllers: [
    SessionController,
    TokensController,
    AuditController,
    AppsController,
    PagesController,
    ConnectionsController,
    ChecksController,
    RoutesController,
    ExplainController,
    PeopleController,
    ThreadsController,
    ThreadControlController,
    DeliveriesController,
    DeliveryHealthController,
    FeedController,
    MachineController,
    LiveController,
    HealthController,
    MetricsController,
  ],
  providers: [
    CallbackVerifier,
    ThreadDescriber,
    ThreadFinder,
    Metrics,
    Readiness,
    {
      provide: DeliveryStore,
      useFactory: (dataSource: DataSource) => new DeliveryStore(dataSource),
      inject: [DataSource],
    },
    { provide: FeedStore, useFactory: (dataSource: DataSource) => new FeedStore(dataSource), inject: [DataSource] },
    { provide: PersonStore, useFactory: (dataSource: DataSource) => new PersonStore(dataSource), inject: [DataSource] },
  ],
})
export class AdminApiModule {}
