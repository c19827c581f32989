import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AppId, InstagramId, PageId } from '../domain/ids.js';
import type { OutsideReplyPolicy } from '../domain/page.js';

/** A page as it was configured. What routing makes of it is `domain/page.ts`. */
@Entity('page')
export class PageEntity {
  @PrimaryColumn('text', { name: 'page_id', primaryKeyConstraintName: 'page_pk' })
  pageId!: PageId;

  @Column('text')
  name!: string;

  @Column('text', { name: 'instagram_id', nullable: true })
  instagramId!: InstagramId | null;

  @Column('text', { name: 'default_app_id', nullable: true })
  defaultAppId!: AppId | null;

  @Column('text', { name: 'social_app_id', nullable: true })
  socialAppId!: AppId | null;

  @Column('text', { name: 'instagram_default_app_id', nullable: true })
  instagramDefaultAppId!: AppId | null;

  @Column('text', { name: 'instagram_social_app_id', nullable: true })
  instagramSocialAppId!: AppId | null;

  /** Set for good by the first default app of either channel: apps connected from then on get standby. */
  @Column('boolean', { name: 'standby_on_connect', default: false })
  standbyOnConnect!: boolean;

  @Column('text', { name: 'outside_replies', default: 'inbox_takes' })
  outsideReplies!: OutsideReplyPolicy;

  /** The platform's token of the page, with which the gateway sends. */
  @Column('text', { name: 'meta_access_token', nullable: true })
  metaAccessToken!: string | null;
}
