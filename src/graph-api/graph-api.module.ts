import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { CallbackVerifier } from '../callback/callback-verifier.js';
import { MetaForwarder } from '../channels/meta/meta-forwarder.js';
import { Settings } from '../config/settings.js';
import { AttachmentStore } from '../store/attachment.store.js';
import { ConversationStore } from '../store/conversation.store.js';
import { GraphObjectStore } from '../store/graph-object.store.js';
import { LabelStore } from '../store/label.store.js';
import { MessengerProfileStore } from '../store/messenger-profile.store.js';
import { PersonaStore } from '../store/persona.store.js';
import { AccountsEndpoints } from './accounts.endpoints.js';
import { AttachmentsEndpoints } from './attachments.endpoints.js';
import { CallerAuthenticator } from './caller-authenticator.js';
import { ConversationsEndpoints } from './conversations.endpoints.js';
import { CustomUserSettingsEndpoints } from './custom-user-settings.endpoints.js';
import { DebugTokenEndpoints } from './debug-token.endpoints.js';
import { ForwardedEndpoints } from './forwarded.endpoints.js';
import { GraphBatch } from './graph-batch.js';
import type { GraphEndpoints } from './graph-call.js';
import { GraphDispatcher } from './graph-dispatcher.js';
import { GraphErrorFilter } from './graph-error.filter.js';
import { GraphController } from './graph.controller.js';
import { LabelsEndpoints } from './labels.endpoints.js';
import { MediaController } from './media.controller.js';
import { MessageMedia } from './message-media.js';
import { MessagesEndpoints } from './messages.endpoints.js';
import { MessengerProfileEndpoints } from './messenger-profile.endpoints.js';
import { PageEndpoints } from './page.endpoints.js';
import { PersonThreads } from './person-threads.js';
import { PersonasEndpoints } from './personas.endpoints.js';
import { RateLimits } from './rate-limits.js';
import { SubscribedAppsEndpoints } from './subscribed-apps.endpoints.js';
import { SubscriptionsEndpoints } from './subscriptions.endpoints.js';
import { ThreadControlEndpoints } from './thread-control.endpoints.js';
import { ThreadOwnerEndpoints } from './thread-owner.endpoints.js';
import { UserProfileEndpoints } from './user-profile.endpoints.js';

/** Calls on what Signalbox itself knows. */
export const routingEndpoints = [
  MessagesEndpoints,
  ThreadControlEndpoints,
  ThreadOwnerEndpoints,
  PageEndpoints,
  AccountsEndpoints,
  SubscribedAppsEndpoints,
  SubscriptionsEndpoints,
  DebugTokenEndpoints,
];
/** Calls on who people are, what they are shown and what was said, which behind a gateway the platform answers itself. */
export const platformEndpoints = [
  UserProfileEndpoints,
  ConversationsEndpoints,
  LabelsEndpoints,
  MessengerProfileEndpoints,
  CustomUserSettingsEndpoints,
  PersonasEndpoints,
  AttachmentsEndpoints,
];

const endpoints = [...routingEndpoints, ...platformEndpoints];

/** The API that apps written for the platform call. */
@Module({
  controllers: [MediaController, GraphController],
  providers: [
    CallbackVerifier,
    CallerAuthenticator,
    PersonThreads,
    MessageMedia,
    GraphBatch,
    RateLimits,
    ...[AttachmentStore, ConversationStore, GraphObjectStore, LabelStore, MessengerProfileStore, PersonaStore].map(
      (store) => ({
        provide: store,
        inject: [DataSource],
        useFactory: (dataSource: DataSource) => new store(dataSource),
      }),
    ),
    ...endpoints,
    { provide: APP_FILTER, useClass: GraphErrorFilter },
    {
      provide: GraphDispatcher,
      inject: [CallerAuthenticator, GraphObjectStore, RateLimits, Settings, MetaForwarder, PersonThreads, ...endpoints],
      useFactory: (
        caller: CallerAuthenticator,
        objects: GraphObjectStore,
        limits: RateLimits,
        settings: Settings,
        forwarder: MetaForwarder,
        threads: PersonThreads,
        ...all: GraphEndpoints[]
      ) => {
        const own = all.slice(0, routingEndpoints.length);
        const others = all.slice(routingEndpoints.length);
        const offered = settings.gateway ? [...own, new ForwardedEndpoints(forwarder, threads, others)] : all;
        return new GraphDispatcher(caller, objects, limits, offered);
      },
    },
  ],
})
export class GraphApiModule {}
