import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MessengerProfileStore } from '../../store/messenger-profile.store.js';
import { ClockController } from './clock.controller.js';
import { PeopleController } from './people.controller.js';
import { SimulatedPeople } from './simulated-people.js';
import { VirtualClock } from './virtual-clock.js';

/** Simulated people and the clock that can be moved, over REST. */
@Module({
  controllers: [PeopleController, ClockController],
  providers: [
    SimulatedPeople,
    VirtualClock,
    {
      provide: MessengerProfileStore,
      inject: [DataSource],
      useFactory: (dataSource: DataSource) => new MessengerProfileStore(dataSource),
    },
  ],
})
export class SimulatorModule {}
