import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An app subscribes to pages and to Instagram accounts separately, as on the platform; so far one set was both. */
export class InstagramSubscription1790200000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table app add column instagram_subscribed_fields text[]');
    await queryRunner.query('update app set instagram_subscribed_fields = subscribed_fields');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table app drop column instagram_subscribed_fields');
  }
}
