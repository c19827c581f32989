import { Injectable } from '@nestjs/common';
import { PersonaStore, type Persona } from '../store/persona.store.js';
import { GraphEndpoints, type GraphRoute, type ObjectCall, type PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { selectFields } from './node-fields.js';
import { listAnswer, readPaging } from './paging.js';
import { readText, type Fields } from './parameter-values.js';

const nameLengthMax = 50;

/** Names and pictures under which an app writes; an app sees only its own. */
@Injectable()
export class PersonasEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'GET', edge: 'personas', answer: (call) => this.list(call) },
    { node: 'page', verb: 'POST', edge: 'personas', answer: (call) => this.create(call) },
    { node: 'persona', verb: 'GET', edge: null, answer: (call) => this.get(call) },
    { node: 'persona', verb: 'DELETE', edge: null, answer: (call) => this.delete(call) },
  ];

  constructor(private readonly personas: PersonaStore) {
    super();
  }

  private async create({ caller: { page, app }, parameters }: PageCall): Promise<object> {
    const name = readText(parameters, 'name', 'name', nameLengthMax);
    const profilePictureUrl = readText(parameters, 'profile_picture_url', 'profile_picture_url', 2000);
    if (name === null) throw new GraphError('parameter_required', 'name');
    if (profilePictureUrl === null) throw new GraphError('parameter_required', 'profile_picture_url');
    if (!URL.canParse(profilePictureUrl)) {
      throw new GraphError('invalid_parameter', 'Param profile_picture_url must be a valid URL');
    }
    return { id: await this.personas.create(page.pageId, app.appId, { name, profilePictureUrl }) };
  }

  private async list({ caller: { page, app }, parameters }: PageCall): Promise<object> {
    const { after, limit } = readPaging(parameters);
    const personas = await this.personas.list(page.pageId, app.appId, after, limit);
    return listAnswer(
      personas,
      ({ personaId }) => personaId,
      (persona) => personaView(persona, parameters),
    );
  }

  private async get({ caller: { page, app }, objectId, parameters }: ObjectCall): Promise<object> {
    const persona = await this.personas.find(page.pageId, app.appId, objectId);
    if (persona === null) throw new GraphError('unsupported_request', 'GET', objectId);
    return personaView(persona, parameters);
  }

  private async delete({ caller: { page, app }, objectId }: ObjectCall): Promise<object> {
    if (!(await this.personas.delete(page.pageId, app.appId, objectId))) {
      throw new GraphError('unsupported_request', 'DELETE', objectId);
    }
    return { success: true };
  }
}

function personaView({ personaId, name, profilePictureUrl }: Persona, parameters: Fields): object {
  const standard = ['name', 'profile_picture_url'];
  return selectFields(parameters, { name, profile_picture_url: profilePictureUrl, id: personaId }, standard, 'Persona');
}
