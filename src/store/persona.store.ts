import type { DataSource } from 'typeorm';
import type { AppId, PageId } from '../domain/ids.js';
import { newGraphObjectId } from './graph-object-id.js';

/** A name and a picture under which an app writes. */
export interface Persona {
  readonly personaId: string;
  readonly name: string;
  readonly profilePictureUrl: string;
}

interface PersonaRow {
  persona_id: string;
  name: string;
  profile_picture_url: string;
}

/** The personas of each app on each page. */
export class PersonaStore {
  constructor(private readonly dataSource: DataSource) {}

  async create(pageId: PageId, appId: AppId, persona: Omit<Persona, 'personaId'>): Promise<string> {
    const personaId = newGraphObjectId();
    await this.dataSource.query(
      'insert into persona (persona_id, page_id, app_id, name, profile_picture_url) values ($1, $2, $3, $4, $5)',
      [personaId, pageId, appId, persona.name, persona.profilePictureUrl],
    );
    return personaId;
  }

  async find(pageId: PageId, appId: AppId, personaId: string): Promise<Persona | null> {
    const [row]: PersonaRow[] = await this.dataSource.query(
      `select persona_id, name, profile_picture_url from persona
        where page_id = $1 and app_id = $2 and persona_id = $3`,
      [pageId, appId, personaId],
    );
    return row === undefined ? null : personaFrom(row);
  }

  /** In the order of their ids (as text), after `after`. */
  async list(pageId: PageId, appId: AppId, after: string, limit: number): Promise<Persona[]> {
    const rows: PersonaRow[] = await this.dataSource.query(
      `select persona_id, name, profile_picture_url from persona
        where page_id = $1 and app_id = $2 and persona_id > $3 order by persona_id limit $4`,
      [pageId, appId, after, limit],
    );
    return rows.map(personaFrom);
  }

  /** False: the app has no such persona. */
  async delete(pageId: PageId, appId: AppId, personaId: string): Promise<boolean> {
    const [, count]: [unknown[], number] = await this.dataSource.query(
      'delete from persona where page_id = $1 and app_id = $2 and persona_id = $3',
      [pageId, appId, personaId],
    );
    return count > 0;
  }
}

function personaFrom(row: PersonaRow): Persona {
  return { personaId: row.persona_id, name: row.name, profilePictureUrl: row.profile_picture_url };
}
