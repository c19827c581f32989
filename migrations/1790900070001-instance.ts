import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The instances that serve this database, and what each of them knows of the configuration. */
export class Instance1790900070001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- Written every second by each instance and of no use after a crash: not worth a write-ahead log.
      create unlogged table instance (
        instance_id uuid constraint instance_pk primary key,
        -- The epoch of the configuration that it works with; 0: none yet.
        config_epoch bigint not null,
        -- In real time. After it nobody waits for the instance any longer.
        alive_until timestamptz not null
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table instance');
  }
}
