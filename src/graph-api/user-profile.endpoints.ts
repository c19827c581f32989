import { Injectable } from '@nestjs/common';
import { psid, type Psid } from '../domain/ids.js';
import type { Channel } from '../domain/page.js';
import { GraphEndpoints, type GraphRoute, type PersonCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { selectFields } from './node-fields.js';
import { personNames } from '../domain/person-names.js';
import { PersonThreads } from './person-threads.js';

/** What an app may know of a person. */
@Injectable()
export class UserProfileEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'person', verb: 'GET', edge: null, answer: (call) => this.get(call) },
  ];

  constructor(private readonly threads: PersonThreads) {
    super();
  }

  private async get({ caller, parameters, personId }: PersonCall): Promise<object> {
    const thread = await this.threads.find({ caller, onlyChannel: null }, psid(personId));
    if (thread === null) throw new GraphError('unsupported_request', 'GET', personId);
    const standard = thread.channel === 'instagram' ? ['name', 'username'] : ['first_name', 'last_name', 'profile_pic'];
    return selectFields(parameters, profileOf(thread.psid, thread.channel), standard, 'User');
  }
}

function profileOf(person: Psid, channel: Channel): { id: string; [name: string]: unknown } {
  const { first, last, full, username } = personNames(person, channel);
  if (channel === 'instagram') {
    return {
      name: full,
      username,
      profile_pic: null,
      follower_count: 0,
      is_user_follow_business: false,
      is_business_follow_user: false,
      is_verified_user: false,
      id: person,
    };
  }
  return {
    first_name: first,
    last_name: last,
    name: full,
    profile_pic: null,
    locale: null,
    timezone: null,
    gender: null,
    id: person,
  };
}
