import type { DataSource } from 'typeorm';
import type { PageId, Psid } from '../domain/ids.js';
import { newGraphObjectId } from './graph-object-id.js';

/** A word that a page's apps put on people. */
export interface Label {
  readonly labelId: string;
  readonly name: string;
}

interface LabelRow {
  label_id: string;
  name: string;
}

/** The labels of pages, which all apps of a page share, and the people that have them. */
export class LabelStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The new label's id; null: the page has a label of this name. */
  async create(pageId: PageId, name: string): Promise<string | null> {
    const rows: { label_id: string }[] = await this.dataSource.query(
      `insert into label (label_id, page_id, name) values ($1, $2, $3)
       on conflict (page_id, name) do nothing returning label_id`,
      [newGraphObjectId(), pageId, name],
    );
    return rows[0]?.label_id ?? null;
  }

  async find(pageId: PageId, labelId: string): Promise<Label | null> {
    const [row]: LabelRow[] = await this.dataSource.query(
      'select label_id, name from label where page_id = $1 and label_id = $2',
      [pageId, labelId],
    );
    return row === undefined ? null : labelFrom(row);
  }

  /** In the order of their ids (as text), after `after`; with a person, only those they have. */
  async list(pageId: PageId, psid: Psid | null, after: string, limit: number): Promise<Label[]> {
    const rows: LabelRow[] = await this.dataSource.query(
      `select label_id, name from label l
        where page_id = $1 and label_id > $2
          and ($3::text is null
               or exists (select from label_person p where p.label_id = l.label_id and p.page_id = $1 and p.psid = $3))
        order by label_id limit $4`,
      [pageId, after, psid, limit],
    );
    return rows.map(labelFrom);
  }

  /** False: the page has no such label. */
  async delete(pageId: PageId, labelId: string): Promise<boolean> {
    const [, count]: [unknown[], number] = await this.dataSource.query(
      'delete from label where page_id = $1 and label_id = $2',
      [pageId, labelId],
    );
    return count > 0;
  }

  /** Puts a label of the page on a person; nothing if they have it, or if there is no such label. */
  async put(pageId: PageId, labelId: string, psid: Psid): Promise<void> {
    await this.dataSource.query(
      `insert into label_person (label_id, page_id, psid)
       select label_id, page_id, $3 from label where page_id = $1 and label_id = $2 on conflict do nothing`,
      [pageId, labelId, psid],
    );
  }

  async remove(pageId: PageId, labelId: string, psid: Psid): Promise<void> {
    await this.dataSource.query('delete from label_person where page_id = $1 and label_id = $2 and psid = $3', [
      pageId,
      labelId,
      psid,
    ]);
  }
}

function labelFrom(row: LabelRow): Label {
  return { labelId: row.label_id, name: row.name };
}
