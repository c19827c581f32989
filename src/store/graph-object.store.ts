import type { DataSource } from 'typeorm';
import type { PageId } from '../domain/ids.js';

/** What ids of digits name besides pages, apps and people. */
export class GraphObjectStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Which kind of object of the page this id names; null: none, or another page's. */
  async findKind(pageId: PageId, id: string): Promise<'persona' | 'label' | null> {
    const [row]: { kind: 'persona' | 'label' }[] = await this.dataSource.query(
      `select 'persona' as kind from persona where persona_id = $2 and page_id = $1 union all
       select 'label' from label where label_id = $2 and page_id = $1`,
      [pageId, id],
    );
    return row?.kind ?? null;
  }
}
