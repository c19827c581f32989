import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A callback for each kind of object that an app subscribes to. */
export class InstagramCallback1790900030001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table app add column instagram_callback_url text');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table app drop column instagram_callback_url');
  }
}
