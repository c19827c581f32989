import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AppId, PageId } from '../domain/ids.js';
import type { WebhookField } from '../domain/page.js';

/** An app connected to a page, as it was configured: what the app itself subscribes to limits it further. */
@Entity('connection')
export class ConnectionEntity {
  @PrimaryColumn('text', { name: 'page_id', primaryKeyConstraintName: 'connection_pk' })
  pageId!: PageId;

  @PrimaryColumn('text', { name: 'app_id', primaryKeyConstraintName: 'connection_pk' })
  appId!: AppId;

  @Column('text', { name: 'subscribed_fields', array: true })
  subscribedFields!: WebhookField[];

  @Column('boolean', { name: 'standby_messenger' })
  standbyMessenger!: boolean;

  @Column('boolean', { name: 'standby_instagram' })
  standbyInstagram!: boolean;

  @Column('boolean', { name: 'can_take_control' })
  canTakeControl!: boolean;
}
