import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AppId } from '../domain/ids.js';
import type { AppKind, WebhookField } from '../domain/page.js';

/** An app as it was configured. Its secrets are sealed in the table, and open in what `SealedEntities` gives. */
@Entity('app')
export class AppEntity {
  @PrimaryColumn('text', { name: 'app_id', primaryKeyConstraintName: 'app_pk' })
  appId!: AppId;

  @Column('text')
  name!: string;

  @Column('text')
  kind!: AppKind;

  @Column('text', { name: 'callback_url', nullable: true })
  callbackUrl!: string | null;

  /** Where events of Instagram accounts go; null: where those of pages go. */
  @Column('text', { name: 'instagram_callback_url', nullable: true })
  instagramCallbackUrl!: string | null;

  @Column('text', { name: 'verify_token', nullable: true })
  verifyToken!: string | null;

  @Column('text', { name: 'app_secret' })
  appSecret!: string;

  /** The secret of before, which the app may still use towards us until `previousAppSecretExpiresAt`. */
  @Column('text', { name: 'previous_app_secret', nullable: true })
  previousAppSecret!: string | null;

  @Column('timestamptz', { name: 'previous_app_secret_expires_at', nullable: true })
  previousAppSecretExpiresAt!: Date | null;

  /** Whether its calls of the Graph API must bring an `appsecret_proof`. */
  @Column('boolean', { name: 'appsecret_proof_required', default: false })
  appsecretProofRequired!: boolean;

  /** How many events one POST may carry. */
  @Column('int', { name: 'batch_size_max', default: 1 })
  batchSizeMax!: number;

  /** Fields of pages the app itself subscribes to; null: it never has, and hears every field. */
  @Column('text', { name: 'subscribed_fields', array: true, nullable: true })
  subscribedFields!: WebhookField[] | null;

  /** The same of Instagram accounts. */
  @Column('text', { name: 'instagram_subscribed_fields', array: true, nullable: true })
  instagramSubscribedFields!: WebhookField[] | null;

  @Column('timestamptz', { name: 'paused_at', nullable: true })
  pausedAt!: Date | null;

  @Column('text', { name: 'pause_reason', nullable: true })
  pauseReason!: string | null;
}
