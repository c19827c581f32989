import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which rows were passed over because of a thread that waits is written down with it: where an app's other rows are owed
 * does not tell, since rows come and go there in any order.
 */
export class StalledSkippedThrough1790500000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // 0, of rows that are there already: everything up to the lane's position.
    await queryRunner.query('alter table stalled add column skipped_through bigint not null default 0');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table stalled drop column skipped_through');
  }
}
