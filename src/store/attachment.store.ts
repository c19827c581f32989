import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { PageId } from '../domain/ids.js';
import { newGraphObjectId } from './graph-object-id.js';

/** How long an attachment can be used again, as on the platform. */
export const attachmentLifetimeMs = 90 * 24 * 60 * 60 * 1000;
/** What a page may keep; beyond either, its oldest attachments go. */
export const attachmentBytesMax = 256 * 1024 * 1024;
export const attachmentsMax = 10_000;

/** Media of a page: an address an app has given, or a file it has uploaded. */
export type Attachment = { readonly attachmentId: string; readonly type: string } & (
  { readonly url: string; readonly mediaKey: null } | { readonly url: null; readonly mediaKey: string }
);

export type AttachmentSource = { readonly url: string } | { readonly contentType: string; readonly content: Buffer };

/** The media of pages that apps send more than once, or have uploaded. */
export class AttachmentStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Keeps an attachment, and no more than a page may have; `at` in milliseconds since 1970. */
  async add(pageId: PageId, type: string, source: AttachmentSource, at: number): Promise<Attachment> {
    const attachmentId = newGraphObjectId();
    const url = 'url' in source ? source.url : null;
    const file = 'content' in source ? source : null;
    const mediaKey = file === null ? null : randomBytes(24).toString('base64url');
    await this.dataSource.transaction(async (manager) => {
      // One after the other for a page, so that two at once cannot exceed its bounds together.
      await manager.query('select from page where page_id = $1 for no key update', [pageId]);
      await manager.query(
        `insert into attachment (attachment_id, page_id, type, url, media_key, content_type, content, bytes, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          attachmentId,
          pageId,
          type,
          url,
          mediaKey,
          file?.contentType ?? null,
          file?.content ?? null,
          file?.content.length ?? url?.length ?? 0,
          new Date(at),
        ],
      );
      await manager.query(
        `delete from attachment where attachment_id in (
           select attachment_id from (
             select attachment_id, created_at, sum(bytes) over newest as total, row_number() over newest as position
               from attachment where page_id = $1
             window newest as (order by created_at desc, attachment_id desc)) kept
            where total > $2 or position > $3 or created_at <= $4)`,
        [pageId, attachmentBytesMax, attachmentsMax, new Date(at - attachmentLifetimeMs)],
      );
    });
    if (url !== null) return { attachmentId, type, url, mediaKey: null };
    if (mediaKey === null) throw new Error('an attachment has an address or a file');
    return { attachmentId, type, url: null, mediaKey };
  }

  /** Null: the page has no such attachment, or it is too old at `at`. */
  async find(pageId: PageId, attachmentId: string, at: number): Promise<Attachment | null> {
    const [row]: { type: string; url: string | null; media_key: string | null }[] = await this.dataSource.query(
      `select type, url, media_key from attachment
        where page_id = $1 and attachment_id = $2 and created_at > $3`,
      [pageId, attachmentId, new Date(at - attachmentLifetimeMs)],
    );
    if (row === undefined) return null;
    const { type, url, media_key: mediaKey } = row;
    if (url !== null) return { attachmentId, type, url, mediaKey: null };
    return mediaKey === null ? null : { attachmentId, type, url: null, mediaKey };
  }

  async remove(attachmentId: string): Promise<void> {
    await this.dataSource.query('delete from attachment where attachment_id = $1', [attachmentId]);
  }

  /** The file with this key. */
  async findMedia(mediaKey: string): Promise<{ contentType: string; content: Buffer } | null> {
    const [row]: { content_type: string; content: Buffer }[] = await this.dataSource.query(
      'select content_type, content from attachment where media_key = $1',
      [mediaKey],
    );
    return row === undefined ? null : { contentType: row.content_type, content: row.content };
  }
}
