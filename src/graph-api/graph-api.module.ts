import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { CallbackVerifier } from '../callback/callback-verifier.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { CallerAuthenticator } from './caller-authenticator.js';
import { DebugTokenEndpoints } from './debug-token.endpoints.js';
import type { GraphEndpoints } from './graph-call.js';
import { GraphDispatcher } from './graph-dispatcher.js';
import { GraphErrorFilter } from './graph-error.filter.js';
import { GraphController } from './graph.controller.js';
import { MessagesEndpoints } from './messages.endpoints.js';
import { PageEndpoints } from './page.endpoints.js';
import { PersonThreads } from './person-threads.js';
import { SubscribedAppsEndpoints } from './subscribed-apps.endpoints.js';
import { SubscriptionsEndpoints } from './subscriptions.endpoints.js';
import { ThreadControlEndpoints } from './thread-control.endpoints.js';
import { ThreadOwnerEndpoints } from './thread-owner.endpoints.js';
import { UserProfileEndpoints } from './user-profile.endpoints.js';

const endpoints = [
  MessagesEndpoints,
  ThreadControlEndpoints,
  ThreadOwnerEndpoints,
  PageEndpoints,
  UserProfileEndpoints,
  SubscribedAppsEndpoints,
  SubscriptionsEndpoints,
  DebugTokenEndpoints,
];

/** The API that apps written for the platform call. */
@Module({
  controllers: [GraphController],
  providers: [
    CallbackVerifier,
    CallerAuthenticator,
    PersonThreads,
    ...endpoints,
    { provide: APP_FILTER, useClass: GraphErrorFilter },
    {
      provide: GraphDispatcher,
      inject: [CallerAuthenticator, ConfigurationCache, ...endpoints],
      useFactory: (caller: CallerAuthenticator, configuration: ConfigurationCache, ...all: GraphEndpoints[]) =>
        new GraphDispatcher(caller, configuration, all),
    },
  ],
})
export class GraphApiModule {}
