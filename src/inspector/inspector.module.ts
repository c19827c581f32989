import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InspectorTicketStore } from '../store/inspector-ticket.store.js';
import { ScopeCheck } from './inspection-scope.js';
import { InspectorGateway } from './inspector.gateway.js';
import { InspectorTicketsController } from './tickets.controller.js';

/** Threads for the XState inspector: read from the log, told as its messages. */
@Module({
  controllers: [InspectorTicketsController],
  providers: [
    InspectorGateway,
    ScopeCheck,
    {
      provide: InspectorTicketStore,
      useFactory: (dataSource: DataSource) => new InspectorTicketStore(dataSource),
      inject: [DataSource],
    },
  ],
})
export class InspectorModule {}
