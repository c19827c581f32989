import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AppId, PageId } from '../domain/ids.js';

/** A page access token: only its hash is kept. */
@Entity('access_token')
export class AccessTokenEntity {
  @PrimaryColumn('text', { name: 'token_hash', primaryKeyConstraintName: 'access_token_pk' })
  tokenHash!: string;

  @Column('text', { name: 'page_id' })
  pageId!: PageId;

  @Column('text', { name: 'app_id' })
  appId!: AppId;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Set when a newer token replaces this one. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;
}
